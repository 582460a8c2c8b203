"""What runs have done, or ask to be done: effects, goals, audiences; and planned messages that give way to others."""

from datetime import datetime
from typing import Any

from django.db.backends.utils import CursorWrapper

from martechops.lib import bulk
from martechops.lib.bulk import Json
from workflows.engine.effects import PlannedEffect
from workflows.models import AudienceMember, Conversion, Effect

from .outcome import Outcome
from .subjects import RunState


def write(cursor: CursorWrapper, outcome: Outcome, *, at: datetime) -> None:
    """Everything planned, refused, counted and displaced in a batch."""
    rows = [_effect(run, effect, at) for run, effect in outcome.effects]
    bulk.copy_rows(cursor, Effect._meta.db_table, _EFFECT, rows, same={"tries": 0, "fence": 0, "planned_at": at})
    _goals(cursor, outcome)
    _audiences(cursor, outcome, at)
    _displace(cursor, outcome, at)


_EFFECT = (
    *("key", "once_key", "workflow_id", "version_id", "run_id", "contact_id", "content_id", "step", "kind", "system"),
    *("payload", "state", "reason", "not_before", "ended_at"),
)


def _effect(run: RunState, effect: PlannedEffect, at: datetime) -> tuple[Any, ...]:
    """Planned, held until a person lets it go, or refused by a guard: withholding is an outcome too."""
    state, reason = Effect.State.PLANNED, ""
    if effect.refusal:
        state, reason = Effect.State.SUPPRESSED, effect.refusal
    elif effect.hold_for is not None:
        state, reason = Effect.State.HELD, f"somebody of {effect.hold_for} has to let it go"
    return (
        effect.key,
        effect.once_key,
        run.workflow_id,
        run.version_id,
        run.id,
        run.subject.contact_id,
        run.subject.content_id,
        effect.step,
        effect.kind,
        effect.system,
        Json(effect.payload),
        state.value,
        reason,
        effect.not_before or at,
        at if effect.refusal else None,
    )


def _goals(cursor: CursorWrapper, outcome: Outcome) -> None:
    bulk.copy_records(
        cursor,
        Conversion._meta.db_table,
        [
            {
                "key": goal.key,
                "name": goal.name,
                "contact_id": run.subject.contact_id,
                "workflow_id": run.workflow_id,
                "run_id": run.id,
                "campaign": goal.campaign,
                "value": goal.value,
                "at": goal.at,
            }
            for run, goal in outcome.goals
        ],
    )


def _audiences(cursor: CursorWrapper, outcome: Outcome, at: datetime) -> None:
    """Who is in an audience, in the order in which they were put in and taken out: the last word counts."""
    last: dict[tuple[str, int], tuple[RunState, bool]] = {}
    for run, effect in outcome.effects:
        if effect.kind in ("add_to_audience", "remove_from_audience") and not effect.refusal and run.subject.contact_id:
            last[effect.payload["audience"], run.subject.contact_id] = (run, effect.kind == "add_to_audience")
    if not last:
        return
    table = AudienceMember._meta.db_table
    rows = [
        {"audience": audience, "contact_id": contact_id, "run_id": run.id, "inside": inside, "since": at}
        for (audience, contact_id), (run, inside) in last.items()
    ]
    cursor.execute(
        f"""
        WITH given AS (
            SELECT * FROM json_to_recordset(%s::json)
                AS r (audience text, contact_id bigint, run_id bigint, inside boolean, since timestamptz)
        ), gone AS (
            DELETE FROM {table} m USING given g
            WHERE NOT g.inside AND m.audience = g.audience AND m.contact_id = g.contact_id
        )
        INSERT INTO {table} (audience, contact_id, run_id, since)
        SELECT audience, contact_id, run_id, since FROM given WHERE inside ORDER BY 1, 2 ON CONFLICT DO NOTHING
        """,  # noqa: S608
        [bulk.records(rows)],
    )


def _displace(cursor: CursorWrapper, outcome: Outcome, at: datetime) -> None:
    """Messages that a cap has no room for any more, for one that counts more: suppressed, with the reason."""
    if not outcome.displaced:
        return
    rows = [{"key": str(gone.key), "because": gone.because} for gone in outcome.displaced]
    cursor.execute(
        f"""
        UPDATE {Effect._meta.db_table} e SET state = 'suppressed', reason = r.because, ended_at = %s
        FROM json_to_recordset(%s::json) AS r (key uuid, because text)
        WHERE e.key = r.key AND e.state IN ('planned', 'held')
        """,  # noqa: S608
        [at, bulk.records(rows)],
    )
