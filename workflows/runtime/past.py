"""What runs did on the version they were moved from, so that they do it once: asked only where a run was moved."""

from collections.abc import Collection, Mapping

from martechops.lib import bulk, prepared
from workflows.engine.effects import effect_key
from workflows.models import Assignment, Conversion, Effect, Handoff, StepApproval

from .definitions import Definitions
from .subjects import RunState, Subjects


def read(subjects: Subjects, definitions: Definitions) -> None:
    """Tell moved runs that are on their way which steps they have been at. Two queries, and mostly none."""
    moved = {run.id: run for one in subjects.all() for run in one.runs if run.was_moved and run.is_running and run.id}
    if not moved:
        return
    done, denied = _traces_of(moved)
    for run_id, step in _counted(moved, definitions):
        done.setdefault(run_id, set()).add(step)
    for run_id, run in moved.items():
        run.done, run.denied = frozenset(done.get(run_id, ())), frozenset(denied.get(run_id, ()))


def _traces_of(moved: Mapping[int, RunState]) -> tuple[dict[int, set[str]], dict[int, set[str]]]:
    """By run: steps that left something done or asked for, and steps at which somebody said no or nobody answered.

    What was withheld or called off counts as done: it was decided, under the key that a second decision would have.
    """
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT run_id, step, false FROM {Effect._meta.db_table}
            WHERE run_id = ANY(%(runs)s::bigint[])
              AND (contact_id = ANY(%(contacts)s::bigint[])
                   OR (contact_id IS NULL AND workflow_id = ANY(%(workflows)s::bigint[])))
            UNION SELECT run_id, step, state IN ('refused', 'lapsed') FROM {StepApproval._meta.db_table}
            WHERE run_id = ANY(%(runs)s::bigint[])
            UNION SELECT run_id, step, awaited AND state IN ('refused', 'lapsed') FROM {Handoff._meta.db_table}
            WHERE run_id = ANY(%(runs)s::bigint[])
            UNION SELECT run_id, step, false FROM {Assignment._meta.db_table} WHERE run_id = ANY(%(runs)s::bigint[])
            """,  # noqa: S608  names of our own
            {
                "runs": bulk.array(moved),
                "contacts": bulk.array({run.subject.id for run in moved.values() if run.subject.contact_id}),
                "workflows": bulk.array({run.workflow_id for run in moved.values()}),
            },
        )
        found = cursor.fetchall()
    done: dict[int, set[str]] = {}
    denied: dict[int, set[str]] = {}
    for run_id, step, was_denied in found:
        (denied if was_denied else done).setdefault(run_id, set()).add(step)
    return done, denied


def _counted(moved: Mapping[int, RunState], definitions: Definitions) -> Collection[tuple[int, str]]:
    """Goals that were counted for it already."""
    keys = {
        effect_key(workflow=spec.key, entry_key=run.entry_key, step=step.key): (run_id, step.key)
        for run_id, run in moved.items()
        for spec in [definitions.version(run.version_id).spec]
        for step in spec.steps
        if step.action == "record_conversion"
    }
    there = Conversion.objects.filter(key__in=keys).values_list("key", flat=True) if keys else ()
    return [keys[key] for key in there]
