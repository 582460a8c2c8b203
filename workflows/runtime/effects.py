"""The table of effects as workers write it: claimed in order, marked, settled. Every statement takes a whole batch."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from martechops.lib import bulk, prepared
from martechops.lib.frozen import dataclass
from workflows.engine.internal import SubjectRef, subject_of
from workflows.models import ConnectionHealth, Effect, OutboundSwitch, System

_EFFECTS = Effect._meta.db_table
_HEALTH, _SYSTEMS = ConnectionHealth._meta.db_table, System._meta.db_table
_SWITCH = OutboundSwitch._meta.db_table
#: For the rest of a transaction. Sorting stays allowed: without it, a contact's keys are looked for among all keys.
_ALONG_INDEXES = "SELECT " + ", ".join(
    f"set_config('enable_{way}', 'off', true)" for way in ("bitmapscan", "seqscan", "hashjoin", "mergejoin")
)
#: Namespace of the advisory locks of workflows that have a limit.
_WORKFLOW_LOCK = 7312


@dataclass(frozen=True, slots=True)
class Claimed:
    """One effect that this worker may carry out."""

    id: int
    key: UUID
    once_key: str | None
    workflow_id: int
    version_id: int
    contact_id: int | None
    content_id: int | None
    step: str
    kind: str
    system: str
    payload: Mapping[str, Any]
    tries: int
    fence: int
    planned_at: datetime
    doubt_since: datetime | None
    #: What the far side is asked; filled in when it is reserved.
    content: Mapping[str, Any] | None = None

    @property
    def subject(self) -> SubjectRef:
        return subject_of(contact_id=self.contact_id, content_id=self.content_id)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one effect."""

    id: int
    fence: int
    state: str
    reason: str
    outcome: Mapping[str, Any] | None
    not_before: datetime | None = None
    #: Since when nobody knows whether it happened; None to leave it as it is.
    doubt_since: datetime | None = None
    #: When the far side is to be asked what happened.
    probe_at: datetime | None = None


def due_systems(*, at: datetime) -> list[str]:
    """Systems for which something could be done now, found by jumping through the index from one to the next.

    One that is closed or stopped is not asked about: looking at it again and again would cost its neighbours time.
    """
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            WITH RECURSIVE known AS (
                (SELECT system FROM {_EFFECTS} WHERE state = 'planned' AND system > '' ORDER BY system LIMIT 1)
                UNION ALL
                SELECT (SELECT e.system FROM {_EFFECTS} e WHERE e.state = 'planned' AND e.system > known.system
                        ORDER BY e.system LIMIT 1)
                FROM known WHERE known.system IS NOT NULL)
            SELECT system FROM known WHERE EXISTS (
                SELECT 1 FROM {_EFFECTS} e
                WHERE e.state = 'planned' AND e.system = known.system AND e.not_before <= %s)
            AND NOT EXISTS (SELECT 1 FROM {_HEALTH} h WHERE h.system = known.system
                            AND (h.closed_until > %s OR h.disabled <> ''))
            AND NOT EXISTS (SELECT 1 FROM {_SYSTEMS} s WHERE s.key = known.system AND s.paused)
            AND NOT EXISTS (SELECT 1 FROM {_SWITCH} o WHERE o.off)
            """,  # noqa: S608
            [at, at],
        )
        return [row[0] for row in cursor.fetchall()]


def claim(system: str, *, limit: int, at: datetime) -> list[Claimed]:
    """The oldest effects of one system that may be tried now; of one contact, only the first that is open.

    One that waits to be tried again keeps those behind it waiting; one that waits for its window does not.
    An effect that another worker has just claimed still counts as open here, so order holds between workers too.

    The plan is pinned for the rest of the transaction: along the index `effect_due`, and by contact to what stands
    before. While statistics are young the planner took all that is planned and sorted it (9 ms for 90 of 6,000), or
    looked by system for what stands before, which is all that was ever done there (101 ms for 100 after 1,000 others;
    0.3 ms by contact). Hence also systems are compared in words that no index serves.
    """
    with prepared.cursor() as cursor:
        cursor.execute(_ALONG_INDEXES)
        cursor.execute(
            f"""
            SELECT id, key, once_key, workflow_id, version_id, contact_id, content_id, step, kind, system, payload,
                tries, fence, planned_at, doubt_since
            FROM {_EFFECTS} e
            WHERE state = 'planned' AND system = %s AND not_before <= %s
              AND NOT EXISTS (
                SELECT 1 FROM {_EFFECTS} before
                WHERE before.contact_id = e.contact_id AND before.id < e.id
                  AND before.system IS NOT DISTINCT FROM e.system
                  AND (before.state = 'reserved'
                       OR before.state = 'planned' AND (before.tries > 0 OR before.not_before <= %s)))
            ORDER BY not_before, id LIMIT %s FOR UPDATE SKIP LOCKED
            """,  # noqa: S608
            [system, at, at, limit],
        )
        return [Claimed(*row) for row in cursor.fetchall()]


def reserved_since(workflow_id: int, since: datetime, *, most: int) -> list[datetime]:
    """When the latest effects of a workflow were reserved.

    Holds the workflow's turnstile until the transaction ends, so that two connections do not count the same room.
    """
    with prepared.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s::int)", [_WORKFLOW_LOCK, workflow_id])
        cursor.execute(
            f"""
            SELECT reserved_at FROM {_EFFECTS}
            WHERE workflow_id = %s AND reserved_at > %s AND state IN ('reserved', 'done', 'uncertain')
            ORDER BY reserved_at DESC LIMIT %s
            """,  # noqa: S608
            [workflow_id, since, most],
        )
        return [row[0] for row in cursor.fetchall()]


def mark_reserved(effects: Iterable[Claimed]) -> datetime | None:
    """Write down, before the call, that it is about to be made and with what; leases run on the database's clock.

    Returns the instant that stands in all of them; None for none.
    """
    rows = [
        {"id": e.id, "fence": e.fence, "tries": e.tries, "outcome": {"content": e.content, "receipt": None}}
        for e in effects
    ]
    if not rows:
        return None
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {_EFFECTS} e SET state = 'reserved', fence = r.fence, tries = r.tries, outcome = r.outcome,
                reserved_at = now(), holder = pg_backend_pid(),
                lease_until = now() + make_interval(secs => %s), reason = ''
            FROM json_to_recordset(%s::json) AS r (id bigint, fence int, tries smallint, outcome json)
            WHERE e.id = r.id RETURNING e.reserved_at
            """,  # noqa: S608
            [settings.EFFECT_LEASE_SECONDS, bulk.records(rows)],
        )
        reserved_at: datetime = cursor.fetchone()[0]
        return reserved_at


def write(settled: Sequence[Settled]) -> None:
    """An outcome counts only under the fence it was reserved with: a worker that woke up late changes nothing.

    Unless nobody else has touched the effect since and it is uncertain: then the late worker is the one who knows.
    """
    rows = [{name: getattr(one, name) for name in Settled.__dataclass_fields__} for one in settled]
    if not rows:
        return
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {_EFFECTS} e SET state = r.state, reason = r.reason, outcome = coalesce(r.outcome, e.outcome),
                not_before = coalesce(r.not_before, e.not_before), lease_until = NULL, holder = NULL,
                doubt_since = coalesce(r.doubt_since, e.doubt_since), probe_at = r.probe_at,
                ended_at = CASE WHEN r.state IN ('planned', 'held') THEN NULL ELSE now() END
            FROM json_to_recordset(%s::json)
                AS r (id bigint, fence int, state text, reason text, outcome json, not_before timestamptz,
                      doubt_since timestamptz, probe_at timestamptz)
            WHERE e.id = r.id AND (e.fence = r.fence AND e.state IN ('planned', 'reserved')
                OR e.fence = r.fence + 1 AND e.state = 'uncertain')
            """,  # noqa: S608
            [bulk.records(rows)],
        )
