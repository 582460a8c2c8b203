"""Taking in messages: each stored once, for ever, together with the work it makes.

A batch is one transaction. Its keys are looked up, and what is new is appended by COPY in the keys' order; only when
another request brings the same id in that very moment does INSERT … ON CONFLICT decide who was first. A handful of
messages goes that way at once: it costs more an event and fewer round trips.
"""

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper

from martechops.lib import bulk, crash_points, wake
from martechops.lib.strict_json import BadJson
from workflows.engine import envelope
from workflows.models import Source

#: How a message was delivered is no part of what it says: a repeat differs here, and a write key has no place in data.
DELIVERY = ("writeKey", "sentAt", "_metadata")

#: Up to so many messages one INSERT is faster than COPY with all that surrounds it.
A_HANDFUL = 5


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that was not stored, by its place in the batch, and why, for its sender to read."""

    index: int
    message_id: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch. Repeats and conflicts are successes: what the first message said is kept."""

    stored: int
    repeated: int
    #: Messages under an id that is taken by another body (FAULTS F7).
    conflicts: int
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class _Message:
    key: str
    message_id: str
    type: str
    name: str
    occurred_at: datetime
    lane: int
    digest: str
    body: str


@dataclass(frozen=True, slots=True)
class _Known:
    event_id: int
    digest: str


def receive(*, source: Source, messages: Sequence[object], received_at: datetime, sent_at: datetime | None) -> Receipt:
    """Store what can be stored, once each, and ring for the workers; everything or nothing of it is committed.

    `messages` are parsed JSON, or a BadJson in the place of one that could not be parsed. A message without an id gets
    one: made from its content where it carries a timestamp, so that a repeat is still seen; else by chance, and then a
    repeat cannot be told from a second event. Raises what the database raises.
    """
    taken: list[_Message] = []
    refused: list[Refused] = []
    for index, message in enumerate(messages):
        found = _read(source.pk, message, received_at=received_at, sent_at=sent_at)
        if isinstance(found, str):
            refused.append(Refused(index=index, message_id=_named(message), reason=found))
        else:
            taken.append(found)
    stored, conflicts = _store(taken, source_id=source.pk, received_at=received_at) if taken else (0, 0)
    return Receipt(stored=stored, repeated=len(taken) - stored - conflicts, conflicts=conflicts, refused=tuple(refused))


def key_of(source_id: int, message_id: str) -> str:
    """The key that makes a message unique, as 32 hexadecimal digits."""
    return hashlib.blake2b(f"{source_id}:{message_id}".encode(), digest_size=16).hexdigest()


def _named(message: object) -> str | None:
    found = message.get("messageId") if isinstance(message, dict) else None
    return found[: envelope.LONGEST_NAME] if isinstance(found, str) else None


def _read(source_id: int, message: object, *, received_at: datetime, sent_at: datetime | None) -> _Message | str:
    """The message as it will be stored, or why it will not be."""
    if isinstance(message, BadJson):
        return str(message)
    if not isinstance(message, dict):
        return "must be an object"
    content = {key: value for key, value in message.items() if key not in DELIVERY}
    body = orjson.dumps(content)
    if len(body) > envelope.LONGEST_MESSAGE_BYTES:
        return f"larger than {envelope.LONGEST_MESSAGE_BYTES // 1024} KiB"
    if found := envelope.fault(content):
        return found
    digest = hashlib.blake2b(body, digest_size=16).hexdigest()
    message_id = content.get("messageId") or _made_id(content, digest)
    return _Message(
        key=key_of(source_id, message_id),
        message_id=message_id,
        type=content["type"],
        name=content["event"] if content["type"] == "track" else "",
        occurred_at=envelope.occurred_at(content, received_at=received_at, sent_at=sent_at),
        lane=envelope.lane(content),
        digest=digest,
        body=body.decode(),
    )


def _made_id(content: Mapping[str, Any], digest: str) -> str:
    says_when = content.get("timestamp") or content.get("originalTimestamp")
    return f"content-{digest}" if says_when else f"server-{uuid.uuid4().hex}"


def _store(messages: list[_Message], *, source_id: int, received_at: datetime) -> tuple[int, int]:
    """How many were new, and how many came under a taken id with another body."""
    first: dict[str, _Message] = {}
    for message in messages:
        first.setdefault(message.key, message)
    with transaction.atomic(), connection.cursor() as cursor:
        known = _known(cursor, first) if len(first) > A_HANDFUL else {}
        fresh = [message for key, message in first.items() if key not in known]
        stored = _append(cursor, fresh, source_id=source_id, received_at=received_at)
        if len(stored) < len(fresh):
            known |= _known(cursor, [message.key for message in fresh if message.key not in stored])
        known |= {key: _Known(event_id, first[key].digest) for key, event_id in stored.items()}
        conflicts = [
            (known[message.key].event_id, received_at, message.body)
            for message in messages
            if message.digest != known[message.key].digest
        ]
        bulk.copy_rows(cursor, "workflows_eventconflict", ("event_id", "received_at", "body"), conflicts)
        if stored:
            wake.after_commit("workflows.advance")
        crash_points.at("ingest.storing")
    crash_points.at("ingest.stored")
    return len(stored), len(conflicts)


def _known(cursor: CursorWrapper, keys: Iterable[str]) -> dict[str, _Known]:
    cursor.execute(
        """
        SELECT encode(uuid_send(key), 'hex'), id, encode(uuid_send(body_digest), 'hex')
        FROM workflows_inboundevent WHERE key = ANY(%s::uuid[])
        """,
        ["{" + ",".join(keys) + "}"],
    )
    return {key: _Known(event_id, digest) for key, event_id, digest in cursor.fetchall()}


_COLUMNS = {
    "id": "bigint",
    "key": "uuid",
    "source_id": "bigint",
    "message_id": "text",
    "type": "text",
    "name": "text",
    "occurred_at": "timestamptz",
    "received_at": "timestamptz",
    "lane": "smallint",
    "body_digest": "uuid",
    "body": "text",
}

#: Both requests sort by key, so that two that share several ids wait for each other one way round only.
_INSERT_THE_NEW = f"""
WITH stored AS (
    INSERT INTO workflows_inboundevent ({", ".join(_COLUMNS)})
    SELECT {", ".join("body::json" if column == "body" else column for column in _COLUMNS)}
    FROM json_to_recordset(%s) AS r({", ".join(f"{column} {kind}" for column, kind in _COLUMNS.items())})
    ORDER BY key ON CONFLICT (key) DO NOTHING RETURNING id, key, lane
), queued AS (
    INSERT INTO workflows_queuedevent (event_id, lane, tries) SELECT id, lane, 0 FROM stored
)
SELECT encode(uuid_send(key), 'hex'), id FROM stored
"""  # noqa: S608 - names of our own


def _append(
    cursor: CursorWrapper, messages: list[_Message], *, source_id: int, received_at: datetime
) -> dict[str, int]:
    """The ids under which messages were stored, by key; those that another request stored meanwhile are missing.

    Ids rise in the order of the batch, which is the order in which a lane is handled.
    """
    ids = bulk.take_ids(cursor, "workflows_inboundevent", len(messages))
    rows: list[tuple[Any, ...]] = sorted(
        [
            (
                event_id,
                m.key,
                source_id,
                m.message_id,
                m.type,
                m.name,
                m.occurred_at,
                received_at,
                m.lane,
                m.digest,
                m.body,
            )
            for event_id, m in zip(ids, messages, strict=True)
        ],
        key=lambda row: row[1],
    )
    if len(rows) <= A_HANDFUL:
        return _insert(cursor, rows)
    try:
        with transaction.atomic():
            bulk.copy_rows(cursor, "workflows_inboundevent", tuple(_COLUMNS), rows)
            queued = [(event_id, message.lane, 0) for event_id, message in zip(ids, messages, strict=True)]
            bulk.copy_rows(cursor, "workflows_queuedevent", ("event_id", "lane", "tries"), queued)
    except IntegrityError:
        return _insert(cursor, rows)
    return {row[1]: row[0] for row in rows}


def _insert(cursor: CursorWrapper, rows: Sequence[tuple[Any, ...]]) -> dict[str, int]:
    if not rows:
        return {}
    cursor.execute(_INSERT_THE_NEW, [bulk.records(dict(zip(_COLUMNS, row, strict=True)) for row in rows)])
    return dict(cursor.fetchall())
