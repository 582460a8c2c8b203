"""Which work this worker does now: rows are taken so that no two workers can hold the same one.

Nothing is marked: a lane is held by an advisory lock of the transaction, a claimed row is deleted in it. When the
worker dies its connection goes, the transaction rolls back, and the rows are there again for the next.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from martechops.lib import bulk
from workflows.engine.envelope import LANES
from workflows.models import InboundEvent, QuarantinedEvent, QueuedEvent, Timer

#: A worker takes at most this share of them at once, so that another finds some.
_LANES_A_CLAIM = LANES // 2
#: Namespace of the advisory locks.
_LANE_LOCK = 7301


@dataclass(frozen=True, slots=True)
class ClaimedEvent:
    """One inbound event to be handled now."""

    id: int
    source_id: int
    type: str
    name: str
    message_id: str
    occurred_at: datetime
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ClaimedTimer:
    """One run whose time has come."""

    run_id: int
    contact_id: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """Work for one transaction."""

    #: One instant for the whole batch, on the database's clock.
    at: datetime
    events: Sequence[ClaimedEvent]
    timers: Sequence[ClaimedTimer]

    def __bool__(self) -> bool:
        return bool(self.events or self.timers)

    def __len__(self) -> int:
        return len(self.events) + len(self.timers)


def batch(*, limit: int, at: datetime | None = None) -> Batch:
    """The oldest events of free lanes, and timers that are due. Call inside a transaction."""
    at = at or database_now()
    lanes = _hold_lanes()
    return Batch(at=at, events=_events(_take_queued(lanes, limit)) if lanes else (), timers=_take_timers(at, limit))


def one_event(event_id: int, *, at: datetime | None = None) -> Batch:
    """One event by itself, if it is still queued once its lane is free.

    It waits for the lane, which is held for one batch at most: its try is counted already, and must be one.
    """
    at = at or database_now()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pg_advisory_xact_lock({_LANE_LOCK}, lane) FROM {_QUEUED} WHERE event_id = %s",  # noqa: S608
            [event_id],
        )
        cursor.execute(f"DELETE FROM {_QUEUED} WHERE event_id = %s RETURNING event_id", [event_id])  # noqa: S608
        ids = [row[0] for row in cursor.fetchall()]
    return Batch(at=at, events=_events(ids), timers=())


def one_timer(run_id: int, *, at: datetime | None = None) -> Batch:
    """One run's timer by itself, if it is still there and nobody holds it."""
    at = at or database_now()
    return Batch(at=at, events=(), timers=_take_timers(at, 1, run_id=run_id))


_QUEUED = QueuedEvent._meta.db_table
_TIMERS = Timer._meta.db_table


def database_now() -> datetime:
    """This instant on the database's clock, which all workers share (FAULTS F9)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        now: datetime = cursor.fetchone()[0]
    return now


def _hold_lanes() -> list[int]:
    """Lock free lanes that have work, beginning anywhere so that none is favoured.

    In a statement of its own: the next one then sees all that the lanes' last holder committed.
    """
    start = random.randrange(LANES)  # noqa: S311  fairness, not secrecy
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH pending AS MATERIALIZED (
                SELECT lane FROM generate_series(0, {LANES - 1}) AS lane
                WHERE EXISTS (SELECT 1 FROM {_QUEUED} q WHERE q.lane = lane.lane)
                ORDER BY (lane + %s) %% {LANES}
            )
            SELECT lane FROM pending WHERE pg_try_advisory_xact_lock({_LANE_LOCK}, lane) LIMIT {_LANES_A_CLAIM}
            """,  # noqa: S608  names and numbers of our own
            [start],
        )
        return [row[0] for row in cursor.fetchall()]


def _take_queued(lanes: Sequence[int], limit: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            DELETE FROM {_QUEUED} WHERE event_id IN (
                SELECT event_id FROM {_QUEUED} WHERE lane = ANY(%s::int[]) ORDER BY event_id LIMIT %s
            ) RETURNING event_id
            """,  # noqa: S608
            [bulk.array(lanes), limit],
        )
        return sorted(row[0] for row in cursor.fetchall())


def _events(ids: Sequence[int]) -> list[ClaimedEvent]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT e.id, e.source_id, e.type, COALESCE(q.corrected_body ->> 'event', e.name), e.message_id,
                   e.occurred_at, COALESCE(q.corrected_body, e.body)
            FROM {InboundEvent._meta.db_table} e
            LEFT JOIN {QuarantinedEvent._meta.db_table} q ON q.event_id = e.id
            WHERE e.id = ANY(%s::bigint[]) ORDER BY e.id
            """,  # noqa: S608
            [bulk.array(ids)],
        )
        return [ClaimedEvent(*row) for row in cursor.fetchall()]


def _take_timers(at: datetime, limit: int, *, run_id: int | None = None) -> list[ClaimedTimer]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            DELETE FROM {_TIMERS} WHERE run_id IN (
                SELECT run_id FROM {_TIMERS} WHERE due_at <= %s AND (%s::bigint IS NULL OR run_id = %s)
                ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
            ) RETURNING run_id, contact_id, due_at
            """,  # noqa: S608
            [at, run_id, run_id, limit],
        )
        return sorted((ClaimedTimer(*row) for row in cursor.fetchall()), key=lambda timer: (timer.due_at, timer.run_id))
