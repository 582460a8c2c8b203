"""A Segment-style message: what it must have, when it happened, and in which lane it waits."""

import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from workflows.engine import identity

TYPES = frozenset({"track", "identify", "page", "screen", "group", "alias"})

#: Segment's limit for one message, counted on its compact form.
LONGEST_MESSAGE_BYTES = 32 * 1024
#: Message ids, event names, user, anonymous, group and previous ids.
LONGEST_NAME = 255
#: Events wait in lanes, each held by one worker at a time, so that one person's events are handled in order.
LANES = 64
#: An event is at most this old; a client that says more has a broken clock (1970 is the usual one).
OLDEST = timedelta(days=3650)

_NO_AGE = timedelta(0)
_OBJECTS = ("properties", "traits", "context")
_INSTANTS = ("timestamp", "originalTimestamp")
_NEEDS_ID = {"group": "groupId", "alias": "previousId"}


def fault(message: Mapping[str, Any]) -> str | None:
    """Why this message cannot be taken, in words for its sender, or None.

    >>> fault({"type": "track", "event": "Demo Requested", "userId": "7"})
    >>> fault({"type": "track", "userId": "7"})
    'event: the name is missing'
    """
    kind = message.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        return f"type: must be one of {', '.join(sorted(TYPES))}"
    return _name_fault(kind, message) or _who_fault(kind, message) or _shape_fault(message)


def _name_fault(kind: str, message: Mapping[str, Any]) -> str | None:
    if (message_id := message.get("messageId")) is not None and not isinstance(message_id, str):
        return "messageId: must be text"
    if message_id and len(message_id) > LONGEST_NAME:
        return f"messageId: longer than {LONGEST_NAME} characters"
    if kind != "track":
        return None
    name = message.get("event")
    if name is None or name == "":
        return "event: the name is missing"
    if not isinstance(name, str) or not name.strip():
        return "event: must be text"
    return f"event: longer than {LONGEST_NAME} characters" if len(name) > LONGEST_NAME else None


def _who_fault(kind: str, message: Mapping[str, Any]) -> str | None:
    ids = ["userId", "anonymousId"]
    if needed := _NEEDS_ID.get(kind):
        ids.append(needed)
    for key in ids:
        if (value := message.get(key)) is not None and (found := _id_fault(value)):
            return f"{key}: {found}"
    if not _given(message.get("userId")) and (kind == "alias" or not identity.keys(message)):
        return (
            "userId: missing" if kind == "alias" else "userId, anonymousId or an e-mail address: one of them is needed"
        )
    return f"{needed}: missing" if needed and not _given(message.get(needed)) else None


def _id_fault(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return "must be text or a whole number"
    return f"longer than {LONGEST_NAME} characters" if isinstance(value, str) and len(value) > LONGEST_NAME else None


def _given(value: object) -> bool:
    return value is not None and str(value).strip() != ""


def _shape_fault(message: Mapping[str, Any]) -> str | None:
    for key in _OBJECTS:
        value = message.get(key)
        if value is not None and not isinstance(value, dict):
            return f"{key}: must be an object"
    for key in _INSTANTS:
        value = message.get(key)
        if value is not None and instant(value) is None:
            return f"{key}: must be an instant such as 2026-11-22T09:30:00.000Z"
    return None


def instant(value: object) -> datetime | None:
    """An ISO 8601 instant, or None for anything else. Without an offset it is UTC, as Segment takes it.

    >>> instant("2026-11-22T09:30:00Z") == instant("2026-11-22T10:30:00+01:00")
    True
    """
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def occurred_at(message: Mapping[str, Any], *, received_at: datetime, sent_at: datetime | None) -> datetime:
    """When it happened, by the server's clock: as long before its receipt as the client says it was before sending.

    A client's clock may be wrong by years and the difference still be right (FAULTS F9). Never in the future, never
    more than OLDEST ago, and the receipt itself where the client does not say.

    >>> noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    >>> a_minute_before_sending = {"timestamp": "1970-01-01T00:00:00Z"}
    >>> occurred_at(a_minute_before_sending, received_at=noon, sent_at=datetime(1970, 1, 1, 0, 1, tzinfo=UTC)).time()
    datetime.time(11, 59)
    """
    said = instant(message.get("timestamp")) or instant(message.get("originalTimestamp"))
    if said is None:
        return received_at
    age = (sent_at or received_at) - said
    return received_at - min(max(age, _NO_AGE), OLDEST)


def lane(message: Mapping[str, Any]) -> int:
    """Which lane it waits in: a hash of the strongest key it names its person by (e-mail, user id, anonymous id)."""
    keys = identity.keys(message)
    return zlib.crc32(keys[0].encode()) % LANES if keys else 0
