"""Which work this worker does now: rows are taken so that no two workers can hold the same one.

A lane is held by an advisory lock of the worker's session, and what it is about to try is noted before it begins; the
rows themselves are deleted by the transaction that handles them. When the worker dies its session goes, the lanes are
free, the rows are there again, and the note says which of them it died with: those are tried in smaller groups from
then on, each death making them smaller, so that few are tried by themselves and the others are soon done.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.db import connection

from martechops.lib import bulk, prepared
from martechops.lib.frozen import dataclass
from workflows.engine import internal
from workflows.engine.envelope import LANES
from workflows.engine.internal import SubjectRef
from workflows.models import Attempt, InboundEvent, QuarantinedEvent, QueuedEvent, Timer

#: A worker takes at most this share of them at once, so that another finds some.
_LANES_A_CLAIM = LANES // 2
#: Size of a group that has failed once, twice; what has failed more often is tried by itself (`runtime.setbacks`). By
#: eights and not by halves, because each failure may cost a process, and an item has but five tries.
GROUPS = (64, 8)
#: Namespaces of the advisory locks: lanes of events, lanes of timers.
_EVENTS_LOCK, _TIMERS_LOCK = 7301, 7302


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

    @property
    def subject(self) -> SubjectRef | None:
        """Whose an internal event is; None for one from outside, whose keys say it."""
        return internal.subject_in(self.body) if self.type == internal.TYPE else None

    @property
    def depth(self) -> int:
        """How many internal events led to it, this one included."""
        return int(self.body.get("depth", 0)) if self.type == internal.TYPE else 0


@dataclass(frozen=True, slots=True)
class ClaimedTimer:
    """One run whose time has come."""

    run_id: int
    contact_id: int | None
    content_id: int | None
    due_at: datetime

    @property
    def subject(self) -> SubjectRef:
        return internal.subject_of(contact_id=self.contact_id, content_id=self.content_id)


@dataclass(frozen=True, slots=True)
class Held:
    """What a worker is about to try: nobody else takes it while its session holds the lanes."""

    event_ids: Sequence[int]
    run_ids: Sequence[int]

    def __bool__(self) -> bool:
        return bool(self.event_ids or self.run_ids)


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


#: For a batch, everything is found by its keys through an index: a plan that reads a table from end to end, made while
#: it was nearly empty or before anybody counted its rows, costs many times as much.
_NO_BULK_PLANS = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")

_QUEUED = QueuedEvent._meta.db_table
_TIMERS = Timer._meta.db_table
_ATTEMPTS = Attempt._meta.db_table


@contextmanager
def held(*, limit: int, at: datetime | None = None) -> Iterator[Held]:
    """Hold free lanes and note the oldest events in them, and timers that are due. Call outside a transaction."""
    with _lanes(_HOLD_LANES, at) as (lanes, timer_lanes):
        yield _note(lanes, timer_lanes, at, limit=limit) if lanes or timer_lanes else Held((), ())


@contextmanager
def held_suspects(*, at: datetime | None = None) -> Iterator[Held]:
    """The same for a group of what failed once or twice: whole lanes, least tried first. Call outside a transaction."""
    with _lanes(_HOLD_SUSPECT_LANES, at) as (lanes, timer_lanes):
        yield _note(lanes, timer_lanes, at) if lanes or timer_lanes else Held((), ())


def batch(what: Held, *, at: datetime | None = None) -> Batch:
    """What is held, taken. Call inside the transaction that handles it: the note goes with it."""
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            WITH note AS (DELETE FROM {_ATTEMPTS} WHERE holder = pg_backend_pid())
            SELECT now(), {", ".join(f"set_config('{name}', 'off', true)" for name in _NO_BULK_PLANS)}
            """  # noqa: S608
        )
        now = at or cursor.fetchone()[0]
    return Batch(at=now, events=_take_events(what.event_ids), timers=_take_timers(what.run_ids, now))


@contextmanager
def alone(*, event_id: int | None = None, run_id: int | None = None) -> Iterator[bool]:
    """Hold the lane of one event or timer, to try it by itself; False if another worker has it."""
    lock, lane = (_EVENTS_LOCK, _lane(event_id)) if event_id is not None else (_TIMERS_LOCK, (run_id or 0) % LANES)
    with prepared.cursor() as cursor:
        cursor.execute("SELECT %s::int IS NOT NULL AND pg_try_advisory_lock(%s, %s)", [lane, lock, lane])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine and lane is not None:
            _let_go(*(([lane], []) if lock == _EVENTS_LOCK else ([], [lane])))


def free_the_hung() -> int:
    """End sessions that hold lanes and have said nothing for a lease: their worker hangs, and others wait (FAULTS F21).

    One that died is seen by its session; one that is frozen keeps it, and would keep its lanes for ever. If it wakes,
    its transaction is gone, and it begins again like any worker that lost its database. Returns how many there were.
    """
    with prepared.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Client'
            AND state_change < now() - make_interval(secs => %s)
            AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid IN (%s, %s))
            """,
            [settings.EFFECT_LEASE_SECONDS, _EVENTS_LOCK, _TIMERS_LOCK],
        )
        return int(cursor.fetchone()[0])


def _lane(event_id: int) -> int | None:
    return QueuedEvent.objects.filter(pk=event_id).values_list("lane", flat=True).first()


def one_event(event_id: int, *, at: datetime | None = None) -> Batch:
    """One event by itself, its lane held by `alone`."""
    return Batch(at=at or database_now(), events=_take_events([event_id]), timers=())


def one_timer(run_id: int, *, at: datetime | None = None) -> Batch:
    """One run's timer by itself, its lane held by `alone`."""
    now = at or database_now()
    return Batch(at=now, events=(), timers=_take_timers([run_id], now))


def database_now() -> datetime:
    """This instant on the database's clock, which all workers share (FAULTS F9)."""
    with prepared.cursor() as cursor:
        cursor.execute("SELECT now()")
        now: datetime = cursor.fetchone()[0]
    return now


@contextmanager
def _lanes(statement: str, at: datetime | None) -> Iterator[tuple[list[int], list[int]]]:
    """Lock free lanes of events and of timers that have such work, beginning anywhere so that none is favoured.

    In a statement of its own: the next one then sees all that the lanes' last holder committed.
    """
    start = random.randrange(LANES)  # noqa: S311  fairness, not secrecy
    with prepared.cursor() as cursor:
        cursor.execute(statement, {"start": start, "at": at})
        held = cursor.fetchall()
    lanes, timer_lanes = ([lane for of, lane in held if of == lock] for lock in (_EVENTS_LOCK, _TIMERS_LOCK))
    try:
        yield lanes, timer_lanes
    finally:
        _let_go(lanes, timer_lanes)


def _lanes_with(lock: int, work: str) -> str:
    return f"""
        (WITH pending AS MATERIALIZED (
            SELECT l.lane FROM generate_series(0, {LANES - 1}) AS l (lane)
            WHERE EXISTS ({work}) ORDER BY (l.lane + %(start)s) %% {LANES}
        )
        SELECT {lock}, lane FROM pending WHERE pg_try_advisory_lock({lock}, lane) LIMIT {_LANES_A_CLAIM})
        """  # noqa: S608  names and numbers of our own


def _hold_lanes_with(tries: str) -> str:
    due = "t.due_at <= coalesce(%(at)s::timestamptz, now())"
    return "UNION ALL".join(
        (
            _lanes_with(_EVENTS_LOCK, f"SELECT FROM {_QUEUED} q WHERE q.lane = l.lane AND q.{tries}"),
            _lanes_with(
                _TIMERS_LOCK, f"SELECT FROM {_TIMERS} t WHERE t.run_id %% {LANES} = l.lane AND t.{tries} AND {due}"
            ),
        )
    )


_HOLD_LANES, _HOLD_SUSPECT_LANES = _hold_lanes_with("tries = 0"), _hold_lanes_with("tries > 0")

#: The oldest of the held lanes, as far as nothing suspect stands before them.
_TRUSTED = f"""
    events AS (
        SELECT event_id FROM {_QUEUED} q WHERE lane = ANY(%(lanes)s::int[]) AND tries = 0 AND NOT EXISTS (
            SELECT FROM {_QUEUED} b WHERE b.lane = q.lane AND b.tries > 0 AND b.event_id < q.event_id)
        ORDER BY event_id LIMIT %(limit)s
    ), timers AS (
        SELECT run_id FROM {_TIMERS} WHERE run_id %% {LANES} = ANY(%(timer_lanes)s::int[]) AND tries = 0
        AND due_at <= coalesce(%(at)s::timestamptz, now()) ORDER BY due_at LIMIT %(limit)s
    )
    """  # noqa: S608

_GROUP = f"(ARRAY{list(GROUPS)})"
#: A group of what failed equally often: lane by lane, so that a group that fails again has few lanes to itself. Timers
#: only where there are no events, so that neither is blamed for the other.
_SUSPECT = f"""
    heads AS (
        SELECT DISTINCT ON (lane) lane, tries FROM {_QUEUED} WHERE lane = ANY(%(lanes)s::int[]) AND tries > 0
        ORDER BY lane, event_id
    ), least AS (SELECT min(tries) AS tries FROM heads WHERE tries <= {len(GROUPS)}
    ), events AS (
        SELECT event_id FROM {_QUEUED} q WHERE lane = ANY(%(lanes)s::int[]) AND tries > 0
        AND tries = (SELECT tries FROM least) AND NOT EXISTS (
            SELECT FROM {_QUEUED} b WHERE b.lane = q.lane AND b.tries > 0 AND b.tries <> q.tries
            AND b.event_id < q.event_id)
        ORDER BY lane, event_id LIMIT {_GROUP}[(SELECT tries FROM least)]
    ), due AS (
        SELECT run_id, tries FROM {_TIMERS} WHERE run_id %% {LANES} = ANY(%(timer_lanes)s::int[])
        AND tries > 0 AND tries <= {len(GROUPS)} AND due_at <= coalesce(%(at)s::timestamptz, now())
        AND NOT EXISTS (SELECT FROM events)
    ), timers AS (
        SELECT run_id FROM due WHERE tries = (SELECT min(tries) FROM due)
        ORDER BY run_id LIMIT {_GROUP}[(SELECT min(tries) FROM due)]
    )
    """  # noqa: S608


def _note(lanes: Sequence[int], timer_lanes: Sequence[int], at: datetime | None, *, limit: int | None = None) -> Held:
    """What of the held lanes is to be tried now, noted in the same statement; without a limit, what is suspect."""
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            WITH {_SUSPECT if limit is None else _TRUSTED}
            INSERT INTO {_ATTEMPTS} (holder, event_ids, run_ids, at)
            SELECT pg_backend_pid(), coalesce((SELECT json_agg(event_id) FROM events), '[]'),
                coalesce((SELECT json_agg(run_id) FROM timers), '[]'), clock_timestamp()
            ON CONFLICT (holder) DO UPDATE
                SET event_ids = EXCLUDED.event_ids, run_ids = EXCLUDED.run_ids, at = EXCLUDED.at
            RETURNING event_ids, run_ids
            """,  # noqa: S608
            {"lanes": bulk.array(lanes), "timer_lanes": bulk.array(timer_lanes), "limit": limit, "at": at},
        )
        return Held(*cursor.fetchone())


def _let_go(lanes: Sequence[int], timer_lanes: Sequence[int]) -> None:
    """Free what the database connection holds; one that is gone has freed it already."""
    if connection.connection is None or connection.connection.closed:
        return
    with prepared.cursor() as cursor:
        cursor.execute(
            """
            SELECT pg_advisory_unlock(%s, lane) FROM unnest(%s::int[]) AS lane
            UNION ALL SELECT pg_advisory_unlock(%s, lane) FROM unnest(%s::int[]) AS lane
            """,
            [_EVENTS_LOCK, bulk.array(lanes), _TIMERS_LOCK, bulk.array(timer_lanes)],
        )


def _take_events(ids: Sequence[int]) -> list[ClaimedEvent]:
    if not ids:
        return []
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            WITH taken AS (DELETE FROM {_QUEUED} WHERE event_id = ANY(%s::bigint[]) RETURNING event_id)
            SELECT e.id, e.source_id, e.type, COALESCE(q.corrected_body ->> 'event', e.name), e.message_id,
                   e.occurred_at, COALESCE(q.corrected_body, e.body)::text
            FROM taken JOIN {InboundEvent._meta.db_table} e ON e.id = taken.event_id
            LEFT JOIN {QuarantinedEvent._meta.db_table} q ON q.event_id = e.id
            ORDER BY e.id
            """,  # noqa: S608
            [bulk.array(ids)],
        )
        return [
            ClaimedEvent(id, source_id, type, name, message_id, occurred_at, orjson.loads(body))
            for id, source_id, type, name, message_id, occurred_at, body in cursor.fetchall()
        ]


def _take_timers(run_ids: Sequence[int], at: datetime) -> list[ClaimedTimer]:
    if not run_ids:
        return []
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            DELETE FROM {_TIMERS} WHERE run_id IN (
                SELECT run_id FROM {_TIMERS} WHERE run_id = ANY(%s::bigint[]) AND due_at <= %s
                ORDER BY run_id FOR UPDATE SKIP LOCKED
            ) RETURNING run_id, contact_id, content_id, due_at
            """,  # noqa: S608
            [bulk.array(run_ids), at],
        )
        return sorted((ClaimedTimer(*row) for row in cursor.fetchall()), key=lambda timer: (timer.due_at, timer.run_id))
