"""Rows put straight into the tables: people who are known already, events that wait, and the floors of the database."""

import itertools
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from django.db import connection, transaction

from martechops.lib import bulk
from workflows.actions import inbound
from workflows.models import Source

from . import workload

#: Rows of a COPY transaction, of the yardstick as of the preparations.
A_TRANSACTION = 500
_CONTACT = ("id", "email", "score", "consent", "fields", "created_at", "updated_at")
_FLOOR = "bench_event"
_COLUMNS = (
    *("id", "key", "source_id", "message_id", "type", "name", "occurred_at", "received_at", "lane"),
    *("body_digest", "body"),
)


def know_half(*, seed: int, first: int, count: int) -> None:
    """Make every other one of these people a known contact."""
    numbers = range(first, first + count, 2)
    now = datetime.now(UTC)
    with transaction.atomic(), connection.cursor() as cursor:
        ids = bulk.take_ids(cursor, "workflows_contact", len(numbers))
        people = [(id, workload.email(seed, number)) for id, number in zip(ids, numbers, strict=True)]
        rows = [(id, email, 0, bulk.Json({}), bulk.Json({}), now, now) for id, email in people]
        bulk.copy_rows(cursor, "workflows_contact", _CONTACT, rows)
        keys = [(f"email:{email}", id) for id, email in people]
        bulk.copy_rows(cursor, "workflows_contactkey", ("key", "contact_id"), keys)


def queue(source: Source, messages: Iterable[dict[str, Any]]) -> int:
    """Receive messages as the ingest address would; returns how many were stored."""
    stored, waiting = 0, iter(messages)
    while part := list(itertools.islice(waiting, A_TRANSACTION)):
        received = inbound.receive(source=source, messages=part, received_at=datetime.now(UTC), sent_at=None)
        stored += received.stored
    return stored


def settle_statistics() -> None:
    """What autovacuum would do soon anyway, so that it does not come in the middle of a round."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def make_floor() -> None:
    """A table like that of events, with its indexes."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {_FLOOR}")
        cursor.execute(f"CREATE TABLE {_FLOOR} (LIKE workflows_inboundevent INCLUDING ALL)")


def empty_floor() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {_FLOOR}")


def floor_lines(messages: Sequence[dict[str, Any]]) -> list[str]:
    """The same rows that ingest makes of these messages, ready to be sent: one text a transaction."""
    now = datetime.now(UTC)
    lines = []
    for number, message in enumerate(messages):
        key, digest = uuid.UUID(inbound.key_of(1, message["messageId"])), uuid.UUID(int=number)
        body = bulk.Json(message)
        row = (number, key, 1, message["messageId"], "track", message["event"], now, now, number % 64, digest, body)
        lines.append(bulk.line(row))
    return ["".join(lines[at : at + A_TRANSACTION]) for at in range(0, len(lines), A_TRANSACTION)]


def copy_floor(texts: Sequence[str]) -> None:
    """The yardstick: COPY, 500 rows a transaction, one connection."""
    for text in texts:
        copy_rows = f"COPY {_FLOOR} ({', '.join(_COLUMNS)}) FROM STDIN"
        with transaction.atomic(), connection.cursor() as cursor, cursor.cursor.copy(copy_rows) as copy:
            copy.write(text)


def on_conflict_floor(texts: Sequence[str]) -> None:
    """The same rows by INSERT … ON CONFLICT DO NOTHING, from one JSON text a transaction."""
    names = ", ".join(_COLUMNS)
    kinds = "id bigint, key uuid, source_id bigint, message_id text, type text, name text, occurred_at timestamptz, "
    kinds += "received_at timestamptz, lane smallint, body_digest uuid, body json"
    for text in texts:
        rows: list[dict[str, Any]] = [dict(zip(_COLUMNS, line.split("\t"), strict=True)) for line in text.splitlines()]
        for row in rows:
            row["body"] = orjson.Fragment(row["body"])
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"""
                INSERT INTO {_FLOOR} ({names}) SELECT {names} FROM json_to_recordset(%s) AS r ({kinds})
                ON CONFLICT (key) DO NOTHING
                """,  # noqa: S608 - names of our own
                [bulk.records(rows)],
            )


def timed(work: Callable[[], object]) -> float:
    """Its seconds, on an empty floor."""
    empty_floor()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
