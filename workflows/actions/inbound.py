"""Taking in messages: each is read, checked, and stored once (`parcels`), for ever, together with the work it makes."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from martechops.lib import clerk
from martechops.lib.strict_json import BadJson
from workflows.engine import envelope
from workflows.models import InboundEvent, Source

from . import group_commit, parcels
from .parcels import Message, Parcel, Stored

#: How a message was delivered is no part of what it says: a repeat differs here, and a write key has no place in data.
DELIVERY = ("writeKey", "sentAt", "_metadata")


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


def receive(
    *,
    source: Source,
    messages: Sequence[object],
    received_at: datetime,
    sent_at: datetime | None,
) -> Receipt:
    """Store what can be stored, once each, and ring for the workers; everything or nothing of it is committed.

    `messages` are parsed JSON, or a BadJson in the place of one that could not be parsed. A message without an id gets
    one: made from its content where it carries a timestamp, so that a repeat is still seen; else by chance, and then a
    repeat cannot be told from a second event. Raises what the database raises.
    """
    letter = _Letter(source.pk, messages, received_at, sent_at)
    return letter.receipt(letter.kept())


async def receive_together(
    *, source: Source, messages: Sequence[object], received_at: datetime, sent_at: datetime | None
) -> Receipt:
    """The same, in one transaction with what others of this process store at this moment; or in the caller's own."""
    letter = _Letter(source.pk, messages, received_at, sent_at)
    return letter.receipt(letter.kept() if clerk.is_in_a_transaction() else await group_commit.share(letter.opened))


@dataclass(slots=True)
class _Letter:
    """The messages of one request, read when it is their turn: see `group_commit`."""

    source_id: int
    messages: Sequence[object]
    received_at: datetime
    sent_at: datetime | None
    taken: int = 0
    refused: list[Refused] = field(default_factory=list)

    def opened(self) -> Parcel:
        """Those that can be stored; the others are noted."""
        taken, self.refused = [], []
        for index, message in enumerate(self.messages):
            found = _read(self.source_id, message, received_at=self.received_at, sent_at=self.sent_at)
            if isinstance(found, str):
                self.refused.append(Refused(index=index, message_id=_named(message), reason=found))
            else:
                taken.append(found)
        self.taken = len(taken)
        return Parcel(taken)

    def kept(self) -> Stored:
        """Stored by themselves."""
        parcel = self.opened()
        return parcels.store([parcel])[0] if parcel.messages else Stored(0, 0)

    def receipt(self, kept: Stored) -> Receipt:
        repeated = self.taken - kept.fresh - kept.conflicts
        return Receipt(stored=kept.fresh, repeated=repeated, conflicts=kept.conflicts, refused=tuple(self.refused))


def key_of(source_id: int, message_id: str) -> str:
    """The key that makes a message unique, as 32 hexadecimal digits."""
    return hashlib.blake2b(f"{source_id}:{message_id}".encode(), digest_size=16).hexdigest()


def found(*, source_id: int, message_id: str) -> InboundEvent | None:
    """The event of that id, by its key: nothing else of it has an index of its own."""
    key = uuid.UUID(key_of(source_id, message_id))
    return next(iter(InboundEvent.objects.filter(key=key).order_by()), None)


def _named(message: object) -> str | None:
    found = message.get("messageId") if isinstance(message, dict) else None
    return found[: envelope.LONGEST_NAME] if isinstance(found, str) else None


def _read(source_id: int, message: object, *, received_at: datetime, sent_at: datetime | None) -> Message | str:
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
    return Message(
        key=key_of(source_id, message_id),
        source_id=source_id,
        message_id=message_id,
        type=content["type"],
        name=content["event"] if content["type"] == "track" else "",
        occurred_at=envelope.occurred_at(content, received_at=received_at, sent_at=sent_at),
        received_at=received_at,
        lane=envelope.lane(content),
        digest=digest,
        body=body.decode(),
    )


def _made_id(content: Mapping[str, Any], digest: str) -> str:
    says_when = content.get("timestamp") or content.get("originalTimestamp")
    return f"content-{digest}" if says_when else f"server-{uuid.uuid4().hex}"
