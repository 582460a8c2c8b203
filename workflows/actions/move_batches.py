"""Runs taken to another version, a batch at a time, as a `Move` says.

A run is moved under its subject's lock, which every worker holds while it decides for it, and after its timer, as
workers take them: a run that is just going on is left to the next batch, and planned by where it stands then. Each row
of work is deleted with the run it moves: whoever dies, somebody else goes on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper

from martechops.audit import entries
from martechops.lib import bulk, failures, wake
from martechops.lib.bulk import Json
from workflows.engine import in_flight
from workflows.engine.in_flight import BEGINS, ENDS, STAYS, WAITS, Landing
from workflows.engine.internal import ARRIVAL
from workflows.engine.spec import Spec
from workflows.models import (
    Assignment,
    Contact,
    ContentItem,
    Handoff,
    Move,
    PendingMove,
    Run,
    RunMove,
    StepApproval,
    Timer,
    Trace,
)
from workflows.queries import in_flight as queries

log = structlog.get_logger()

BATCH = 500
#: As `runtime.subjects` locks the workspace itself.
_WORKSPACE_LOCK = 7303
_PENDING, _RUNS, _TIMERS = PendingMove._meta.db_table, Run._meta.db_table, Timer._meta.db_table


@dataclass(frozen=True, slots=True)
class _Moved:
    """One run of the batch, as it stood under its lock, and where it goes."""

    run: Run
    landing: Landing


def go_on(*, at: datetime, limit: int = BATCH) -> int:
    """Move the next runs of the oldest move that has some; how many were dealt with.

    0 where nothing is left, or all that is left is just going on by itself: the timer asks again. A move that cannot
    go on (its version cannot be read as definitions are now) does not keep the others.
    """
    going = Move.objects.filter(ended_at=None).select_related("from_version__workflow", "to_version__workflow")
    for move in going.order_by("pk"):
        try:
            with transaction.atomic():
                dealt_with = _batch(move, at=at, limit=limit)
        except OperationalError:  # the database is gone or was in the way: it is tried again
            raise
        except Exception as error:  # noqa: BLE001 - said, and tried again at the next ring
            log.error("move_cannot_go_on", move=move.pk, error=failures.place(error))
            continue
        if dealt_with:
            return dealt_with
    return 0


def _batch(move: Move, *, at: datetime, limit: int) -> int:
    ids = _claim(move, limit)
    if not ids:
        _end(move, at=at)
        return 0
    before = Run.objects.in_bulk(ids)
    _lock_subjects(before.values())
    now = Run.objects.in_bulk(ids)  # as it stands under the lock
    merged = {pk for pk, run in now.items() if _subject(run) != _subject(before[pk])}
    moved = [_Moved(run, _landing(run, move)) for pk, run in sorted(now.items()) if pk not in merged]
    _write(move, moved, at=at)
    PendingMove.objects.filter(pk__in=set(ids) - merged).delete()
    return len(ids)


def _claim(move: Move, limit: int) -> list[int]:
    """Of the next runs, those that no worker is about to move on: as it does, their timers before their subjects."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH next AS MATERIALIZED (
                SELECT run_id FROM {_PENDING} WHERE move_id = %s ORDER BY run_id LIMIT %s FOR UPDATE SKIP LOCKED
            ), timed AS MATERIALIZED (
                SELECT run_id FROM {_TIMERS} WHERE run_id IN (SELECT run_id FROM next)
                ORDER BY run_id FOR UPDATE SKIP LOCKED
            )
            SELECT run_id FROM next n WHERE run_id IN (SELECT run_id FROM timed)
            OR NOT EXISTS (SELECT FROM {_TIMERS} t WHERE t.run_id = n.run_id) ORDER BY run_id
            """,  # noqa: S608  names of our own
            [move.pk, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def _lock_subjects(runs: Iterable[Run]) -> None:
    """Contacts in the order of their ids, then content items, then the workspace: as batches of events do."""
    runs = list(runs)
    contacts = {run.contact_id for run in runs if run.contact_id is not None}
    items = {run.content_id for run in runs if run.content_id is not None}
    list(Contact.objects.select_for_update().filter(pk__in=contacts).order_by("pk").values_list("pk"))
    if items:
        list(ContentItem.objects.select_for_update().filter(pk__in=items).order_by("pk").values_list("pk"))
    if any(run.contact_id is None and run.content_id is None for run in runs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_WORKSPACE_LOCK])


def _subject(run: Run) -> tuple[int | None, int | None]:
    return run.contact_id, run.content_id


def _landing(run: Run, move: Move) -> Landing:
    """Where it goes now; it may have gone on since the preview, and then goes from where it stands."""
    if run.state != Run.State.WAITING:
        return Landing(STAYS, run.step, "it has ended meanwhile")
    if run.version_id != move.from_version_id:
        return Landing(STAYS, run.step, f"it is not on {move.from_version} any more")
    planned = move.plan.get(run.step)
    return Landing(**planned) if planned else Landing(STAYS, run.step, "its own version has no such step")


def _write(move: Move, moved: Sequence[_Moved], *, at: datetime) -> None:
    """Runs, timers and what was asked of people, then the log and the account: a few statements a batch."""
    by_way = {way: [one for one in moved if one.landing.way == way] for way in (WAITS, BEGINS, ENDS)}
    spec = queries.specs(move.to_version)[0]
    with connection.cursor() as cursor:
        _put(cursor, [*by_way[WAITS], *by_way[BEGINS]], move, spec, at)
        _finish(cursor, by_way[ENDS], move, at)
        _set_off(cursor, by_way[BEGINS], at)
        _withdraw(cursor, [*by_way[BEGINS], *by_way[ENDS]], move, at)
        rows = [
            (move.pk, one.run.pk, one.landing.way, one.run.step, _to(one.landing), one.landing.says) for one in moved
        ]
        columns = ("move_id", "run_id", "way", "from_step", "to_step", "says")
        bulk.copy_rows(cursor, RunMove._meta.db_table, columns, rows, same={"at": at})
        told = [one for one in moved if one.landing.moves]
        bulk.copy_rows(
            cursor,
            Trace._meta.db_table,
            ("contact_id", "content_id", "detail"),
            [(*_subject(one.run), Json(_account(one, move))) for one in told],
            same={"at": at},
        )


def _to(landing: Landing) -> str:
    return "end" if landing.way == ENDS else landing.step


def _put(cursor: CursorWrapper, moved: Sequence[_Moved], move: Move, spec: Spec, at: datetime) -> None:
    """On the new version, at its step. One that has not begun its step yet still has to."""
    rows = [
        {
            "id": one.run.pk,
            "step": one.landing.step,
            "waits_for": ARRIVAL
            if one.landing.way == BEGINS or one.run.waits_for == ARRIVAL
            else in_flight.awaited(spec.step(one.landing.step)),
        }
        for one in moved
    ]
    if rows:
        cursor.execute(
            f"""
            UPDATE {_RUNS} t SET version_id = %s, step = r.step, waits_for = r.waits_for, moved_at = %s, changed_at = %s
            FROM json_to_recordset(%s::json) AS r (id bigint, step text, waits_for text) WHERE t.id = r.id
            """,  # noqa: S608  names of our own
            [move.to_version_id, at, at, bulk.records(rows)],
        )


def _finish(cursor: CursorWrapper, moved: Sequence[_Moved], move: Move, at: datetime) -> None:
    """It has been through: done, so that it stands against another entry as it would have."""
    if not moved:
        return
    ids = bulk.array(one.run.pk for one in moved)
    Run.objects.filter(pk__in=[one.run.pk for one in moved]).update(
        state=Run.State.DONE,
        waits_for="",
        reason=f"ended when version {move.to_version.number} took over",
        ended_at=at,
        changed_at=at,
        moved_at=at,
    )
    cursor.execute(f"DELETE FROM {_TIMERS} WHERE run_id = ANY(%s::bigint[])", [ids])  # noqa: S608


def _set_off(cursor: CursorWrapper, moved: Sequence[_Moved], at: datetime) -> None:
    """The runtime has it begin its step: a timer that is due now."""
    rows = [{"run_id": one.run.pk, "contact_id": one.run.contact_id, "content_id": one.run.content_id} for one in moved]
    if rows:
        cursor.execute(
            f"""
            INSERT INTO {_TIMERS} (run_id, contact_id, content_id, due_at, tries)
            SELECT run_id, contact_id, content_id, %s, 0
            FROM json_to_recordset(%s::json) AS r (run_id bigint, contact_id bigint, content_id bigint)
            ON CONFLICT (run_id) DO UPDATE SET due_at = EXCLUDED.due_at, tries = 0
            """,  # noqa: S608  names of our own
            [at, bulk.records(rows)],
        )
        wake.after_commit("workflows.advance")


def _withdraw(cursor: CursorWrapper, moved: Sequence[_Moved], move: Move, at: datetime) -> None:
    """What people were asked at a step that the run leaves is asked no more."""
    if not moved:
        return
    ids, because = bulk.array(one.run.pk for one in moved), f"version {move.to_version.number} took over"
    for model, was, ended, extra in (
        (StepApproval, StepApproval.State.ASKED, "decided_at", ""),
        (Handoff, Handoff.State.OFFERED, "ended_at", "AND awaited"),
    ):
        cursor.execute(
            f"UPDATE {model._meta.db_table} SET state = 'lapsed', reason = %s, {ended} = %s "  # noqa: S608
            f"WHERE run_id = ANY(%s::bigint[]) AND state = %s {extra}",
            [because, at, ids, was.value],
        )
    cursor.execute(
        f"UPDATE {Assignment._meta.db_table} SET state = 'lapsed', ended_at = %s "  # noqa: S608
        "WHERE run_id = ANY(%s::bigint[]) AND state = 'open'",
        [at, ids],
    )


def _account(one: _Moved, move: Move) -> dict[str, Any]:
    """The entry in the run's and the contact's story."""
    version, landing = move.to_version, one.landing
    name = f"Moved from version {move.from_version.number} to version {version.number}"
    step = {"step": landing.step, "outcome": "moved", "says": _says(one.run.step, landing, move)}
    part = {
        "workflow": version.workflow.key,
        "version": version.number,
        "digest": version.digest[:12],
        "entry": None,
        "steps": [step],
        "state": "done" if landing.way == ENDS else "waiting",
        "run_id": one.run.pk,
    }
    return {"cause": {"kind": "move", "name": name, "move": move.pk}, "changes": [], "workflows": [part]}


def _says(step: str, landing: Landing, move: Move) -> str:
    """What was done with it, whence it came if that was elsewhere, and what made somebody do it."""
    whence = f" (it was at {step})" if landing.way != ENDS and landing.step != step else ""
    return landing.says + whence + (f": {move.cause}" if move.cause else "")


def _end(move: Move, *, at: datetime) -> None:
    """Nothing is left of it, and nobody has some of it in hand."""
    if PendingMove.objects.filter(move=move).exists():
        return
    if not Move.objects.filter(pk=move.pk, ended_at=None).update(ended_at=at):
        return
    entries.record(
        action="runs.moved",
        object_kind="workflow",
        object_key=move.from_version.workflow.key,
        by="moves",
        at=at,
        detail={"move": move.pk, "runs": queries.done_by_way(move)},
    )
