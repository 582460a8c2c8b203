"""Messages that were read, put into the tables: each stored once, for ever, together with the work it makes.

Any number of parcels is one transaction. Their keys are looked up, and what is new is appended by COPY in the keys'
order; only when another process brings the same id in that very moment does INSERT … ON CONFLICT decide who was first.
A handful of messages goes that way at once: it costs more an event and fewer round trips.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.backends.utils import CursorWrapper

from martechops.lib import bulk, crash_points, prepared, wake
from martechops.lib.frozen import dataclass

#: Up to so many messages one INSERT is faster than COPY with all that surrounds it.
A_HANDFUL = 40


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it will be stored."""

    key: str
    source_id: int
    message_id: str
    type: str
    name: str
    occurred_at: datetime
    received_at: datetime
    lane: int
    digest: str
    body: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one request brought."""

    messages: Sequence[Message]


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a parcel; the rest of it were repeats."""

    fresh: int
    #: Messages under an id that is taken by another body (FAULTS F7).
    conflicts: int


@dataclass(frozen=True, slots=True)
class _Known:
    event_id: int
    digest: str


def store(parcels: Sequence[Parcel]) -> list[Stored]:
    """Everything or nothing of it is committed, and then workers are rung for. Raises what the database raises.

    An id that two parcels bring is the first one's, whichever of them is stored later.
    """
    messages = [message for parcel in parcels for message in parcel.messages]
    with transaction.atomic(), prepared.cursor() as cursor:
        known, fresh = _settled(cursor, messages) if messages else ({}, set())
        differing = [message for message in messages if message.digest != known[message.key].digest]
        conflicts = [(known[message.key].event_id, message.received_at, message.body) for message in differing]
        bulk.copy_rows(cursor, "workflows_eventconflict", ("event_id", "received_at", "body"), conflicts)
        if fresh:
            wake.after_commit("workflows.advance")
        crash_points.at("ingest.storing")
    crash_points.at("ingest.stored")
    return [_told(parcel, known, fresh) for parcel in parcels]


def _settled(cursor: CursorWrapper, messages: Sequence[Message]) -> tuple[dict[str, _Known], set[str]]:
    """Under which event each key stands now, and which of the keys were new."""
    first: dict[str, Message] = {}
    for message in messages:
        first.setdefault(message.key, message)
    known = _known(cursor, first) if len(first) > A_HANDFUL else {}
    new = [message for key, message in first.items() if key not in known]
    stored = _append(cursor, new)
    if len(stored) < len(new):
        known |= _known(cursor, [message.key for message in new if message.key not in stored])
    known |= {key: _Known(event_id, first[key].digest) for key, event_id in stored.items()}
    return known, set(stored)


def _told(parcel: Parcel, known: dict[str, _Known], fresh: set[str]) -> Stored:
    """A key counts as new for the first parcel that asks: it is taken from the set."""
    stored = conflicts = 0
    for message in parcel.messages:
        if message.key in fresh:
            fresh.remove(message.key)
            stored += 1
        elif message.digest != known[message.key].digest:
            conflicts += 1
    return Stored(stored, conflicts)


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

#: Numbered in the order of the messages, which is the order in which a lane is handled; written in that of the keys, so
#: that two transactions that share several wait for each other one way round only.
_INSERT_THE_NEW = f"""
WITH given AS MATERIALIZED (
    SELECT nextval((SELECT pg_get_serial_sequence('workflows_inboundevent', 'id')::regclass)) AS id, r.*
    FROM unnest({", ".join(f"%s::{kind}[]" for kind in list(_COLUMNS.values())[1:])})
        AS r({", ".join(list(_COLUMNS)[1:])})
), stored AS (
    INSERT INTO workflows_inboundevent ({", ".join(_COLUMNS)})
    SELECT {", ".join("body::json" if column == "body" else column for column in _COLUMNS)}
    FROM given ORDER BY key ON CONFLICT (key) DO NOTHING RETURNING id, key, lane
), queued AS (
    INSERT INTO workflows_queuedevent (event_id, lane, tries) SELECT id, lane, 0 FROM stored
)
SELECT encode(uuid_send(key), 'hex'), id FROM stored
"""  # noqa: S608 - names of our own


def _append(cursor: CursorWrapper, messages: Sequence[Message]) -> dict[str, int]:
    """The ids under which messages were stored, by key; those that another process stored meanwhile are missing."""
    if len(messages) <= A_HANDFUL:
        return _insert(cursor, messages)
    ids = bulk.take_ids(cursor, "workflows_inboundevent", len(messages))
    rows = sorted([(id, *_row(message)) for id, message in zip(ids, messages, strict=True)], key=lambda row: row[1])
    try:
        with transaction.atomic():
            bulk.copy_rows(cursor, "workflows_inboundevent", tuple(_COLUMNS), rows)
            queued = [(event_id, message.lane, 0) for event_id, message in zip(ids, messages, strict=True)]
            bulk.copy_rows(cursor, "workflows_queuedevent", ("event_id", "lane", "tries"), queued)
    except IntegrityError:
        return _insert(cursor, messages)
    return {row[1]: row[0] for row in rows}


def _insert(cursor: CursorWrapper, messages: Sequence[Message]) -> dict[str, int]:
    if not messages:
        return {}
    columns = zip(*map(_row, messages), strict=True)
    cursor.execute(_INSERT_THE_NEW, [bulk.text_array(map(str, column)) for column in columns])
    return dict(cursor.fetchall())


def _row(m: Message) -> tuple[Any, ...]:
    """In the order of _COLUMNS, without the id."""
    times = (m.occurred_at, m.received_at)
    return (m.key, m.source_id, m.message_id, m.type, m.name, *times, m.lane, m.digest, m.body)
