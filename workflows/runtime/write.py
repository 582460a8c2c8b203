"""What a batch decided, into the database: a COPY for each table that grows, one statement for each that changes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.backends.utils import CursorWrapper
from simple_history.utils import bulk_update_with_history

from martechops.lib import bulk, prepared
from martechops.lib.bulk import Json
from workflows.actions import field_changes, internal_events
from workflows.models import (
    ChangeRequest,
    ConsentEntry,
    Contact,
    ContactKey,
    ContentItem,
    QuarantinedEvent,
    Run,
    ScoreEntry,
    Timer,
    Trace,
)

from . import consequences, hands, plans
from .handle import Bench
from .outcome import Outcome
from .subjects import RunState, Subjects
from .validate import Violation


def write(subjects: Subjects, outcome: Outcome, violations: Sequence[Violation], *, bench: Bench, at: datetime) -> None:
    """Write everything in the order in which rows name each other. Call inside the batch's transaction."""
    runs = [run for subject in subjects.all() for run in subject.runs if run.changed]
    moved = [run.id for run in runs if run.id is not None]
    with prepared.cursor() as cursor:
        _contacts(cursor, subjects, at)
        _items(subjects)
        _runs(cursor, runs, at)
        if bench.arms:
            bench.arms.write(cursor, at=at)
        _timers(cursor, runs, moved)
        _changes(cursor, outcome, at)
        _points(cursor, outcome)
        plans.write(cursor, outcome, at=at)
        hands.write(cursor, outcome, bench.definitions, desks=bench.hands.desks, at=at)
        _requests(cursor, outcome, at)
        _accounts(cursor, outcome, at)
        _quarantine(cursor, violations, at)
    internal_events.write(consequences.of(subjects, outcome, bench.definitions, at=at))


def _items(subjects: Subjects) -> None:
    """Content items with their history: there are few of them, and people look at who changed what."""
    changed = [item.row for item in subjects.items.values() if item.changed]
    if changed:
        fields = ["state", "channels", "link", "body", "planned_for", "published_at", "updated_at"]
        bulk_update_with_history(changed, ContentItem, fields, default_change_reason="by a workflow")


def _contacts(cursor: CursorWrapper, subjects: Subjects, at: datetime) -> None:
    fresh = [subject for subject in subjects.people.values() if subject.is_new]
    known = [subject for subject in subjects.people.values() if subject.changed and not subject.is_new]
    bulk.copy_rows(
        cursor,
        Contact._meta.db_table,
        ("id", "email", "lifecycle_stage", "score", "scored_at", "consent", "fields"),
        [
            (one.id, one.email, one.lifecycle_stage, one.score.value, one.score.at, Json(one.consent), Json(one.fields))
            for one in fresh
        ],
        same={"created_at": at, "updated_at": at},
    )
    bulk.copy_rows(cursor, ContactKey._meta.db_table, ("key", "contact_id"), sorted(subjects.new_keys.items()))
    _update(
        cursor,
        Contact._meta.db_table,
        "id bigint, email text, lifecycle_stage text, score float8, scored_at timestamptz, "
        "consent jsonb, fields jsonb, updated_at timestamptz",
        [
            {
                "id": subject.id,
                "email": subject.email,
                "lifecycle_stage": subject.lifecycle_stage,
                "score": subject.score.value,
                "scored_at": subject.score.at,
                "consent": subject.consent,
                "fields": subject.fields,
                "updated_at": at,
            }
            for subject in known
        ],
    )


def _runs(cursor: CursorWrapper, runs: Iterable[RunState], at: datetime) -> None:
    fresh = [run for run in runs if run.id is None]
    known = [run for run in runs if run.id is not None]
    for run, id in zip(fresh, bulk.take_ids(cursor, Run._meta.db_table, len(fresh)), strict=True):
        run.id = id
    bulk.copy_rows(
        cursor,
        Run._meta.db_table,
        _RUN,
        [
            (
                run.id,
                run.workflow_id,
                run.version_id,
                run.subject.contact_id,
                run.subject.content_id,
                run.entry_key,
                run.state,
                run.step,
                run.waits_for,
                run.reason,
                run.event_id,
                run.entered_at,
                _ended(run, at),
            )
            for run in fresh
        ],
        same={"changed_at": at},
    )
    _update(
        cursor,
        Run._meta.db_table,
        "id bigint, state text, step text, waits_for text, reason text, changed_at timestamptz, ended_at timestamptz",
        [
            {
                "id": run.id,
                "state": run.state,
                "step": run.step,
                "waits_for": run.waits_for,
                "reason": run.reason,
                "changed_at": at,
                "ended_at": _ended(run, at),
            }
            for run in known
        ],
    )


_RUN = (
    *("id", "workflow_id", "version_id", "contact_id", "content_id", "entry_key", "state", "step", "waits_for"),
    *("reason", "event_id", "entered_at", "ended_at"),
)


def _ended(run: RunState, at: datetime) -> datetime | None:
    return None if run.state == Run.State.WAITING else at


def _timers(cursor: CursorWrapper, runs: Sequence[RunState], moved: Sequence[int]) -> None:
    """A run that was moved has no old timer; one that waits has a new one."""
    if moved:
        cursor.execute(
            f"DELETE FROM {Timer._meta.db_table} WHERE run_id = ANY(%s::bigint[])",  # noqa: S608
            [bulk.array(moved)],
        )
    rows = [(run.id, run.subject.contact_id, run.subject.content_id, run.due_at, 0) for run in runs if run.due_at]
    bulk.copy_rows(cursor, Timer._meta.db_table, ("run_id", "contact_id", "content_id", "due_at", "tries"), rows)


def _changes(cursor: CursorWrapper, outcome: Outcome, at: datetime) -> None:
    field_changes.write(
        (
            (who, one.field, one.old, one.new, one.writer, one.event_id, one.run.id if one.run else None, one.step)
            for one in outcome.changes
            if (who := one.subject.contact_id) is not None
        ),
        at=at,
    )
    bulk.copy_rows(
        cursor,
        ConsentEntry._meta.db_table,
        ("contact_id", "channel", "purpose", "state", "at", "event_id", "text_version"),
        [
            (one.contact_id, one.channel, one.purpose, one.state, one.at, one.event_id, one.text_version)
            for one in outcome.consents
        ],
        same={"recorded_at": at},
    )


def _points(cursor: CursorWrapper, outcome: Outcome) -> None:
    bulk.copy_rows(
        cursor,
        ScoreEntry._meta.db_table,
        ("contact_id", "event_id", "rule", "points", "at"),
        [(one.contact_id, one.event_id, one.given.says, one.given.points, one.at) for one in outcome.points],
    )


def _requests(cursor: CursorWrapper, outcome: Outcome, at: datetime) -> None:
    """What was refused, for its owner to decide; asking for the same again while it waits is no second request."""
    rows = [
        {
            "contact_id": request.contact_id,
            "field": request.field,
            "value": request.value,
            "owner_id": request.owner_id,
            "requested_by": request.writer,
            "because": request.because,
            "event_id": request.event_id,
            "run_id": request.run.id if request.run else None,
            "at": at,
        }
        for request in outcome.requests
        if request.owner_id is not None
    ]
    if not rows:
        return
    table = ChangeRequest._meta.db_table
    cursor.execute(
        f"""
        INSERT INTO {table} (contact_id, field, value, owner_id, requested_by, because, event_id, run_id, state,
                             reason, requested_at)
        SELECT DISTINCT ON (contact_id, field, value::text)
               contact_id, field, value, owner_id, requested_by, because, event_id, run_id, 'requested', '', at
        FROM json_to_recordset(%s::json) AS r (contact_id bigint, field text, value json, owner_id bigint,
             requested_by text, because text, event_id bigint, run_id bigint, at timestamptz)
        WHERE NOT EXISTS (
            SELECT FROM {table} t WHERE t.contact_id = r.contact_id AND t.state = 'requested'
            AND t.field = r.field AND t.value::text = r.value::text
        )
        ORDER BY contact_id, field, value::text
        """,  # noqa: S608
        [bulk.records(rows)],
    )


def _accounts(cursor: CursorWrapper, outcome: Outcome, at: datetime) -> None:
    for account in outcome.accounts:
        for part, run in account.parts:
            part["run_id"] = run.id if run else None
    bulk.copy_rows(
        cursor,
        Trace._meta.db_table,
        ("contact_id", "content_id", "event_id", "detail"),
        [
            (account.subject.contact_id, account.subject.content_id, account.event_id, Json(account.detail))
            for account in outcome.accounts
        ],
        same={"at": at},
    )


def _quarantine(cursor: CursorWrapper, violations: Sequence[Violation], at: datetime) -> None:
    """Hold what the catalog refuses; an event that was replayed and is refused again goes back to being held."""
    if not violations:
        return
    table = QuarantinedEvent._meta.db_table
    cursor.execute(
        f"""
        INSERT INTO {table} (event_id, kind, reasons, state, at)
        SELECT event_id, kind, reasons, 'held', at
        FROM json_to_recordset(%s::json) AS r (event_id bigint, kind text, reasons json, at timestamptz)
        ON CONFLICT (event_id) DO UPDATE SET kind = EXCLUDED.kind, reasons = EXCLUDED.reasons, state = 'held'
        """,  # noqa: S608
        [
            bulk.records(
                {"event_id": v.event_id, "kind": v.kind, "reasons": [r.document() for r in v.reasons], "at": at}
                for v in violations
            )
        ],
    )


def _update(cursor: CursorWrapper, table: str, columns: str, rows: Sequence[dict[str, Any]]) -> None:
    """Set every column but the first, which finds the row."""
    if not rows:
        return
    key, *names = [column.split()[0] for column in columns.split(", ")]
    assignments = ", ".join(f"{name} = r.{name}" for name in names)
    cursor.execute(
        f"UPDATE {table} t SET {assignments} FROM json_to_recordset(%s::json) AS r ({columns}) WHERE t.{key} = r.{key}",  # noqa: S608
        [bulk.records(rows)],
    )
