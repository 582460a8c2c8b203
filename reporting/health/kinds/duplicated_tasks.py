"""The same person is put before sales twice within a day (requirement B5)."""

from collections.abc import Iterator

from reporting.health.finding import BOTTLENECK, Finding, Kind, contacts
from reporting.health.scope import Scope
from workflows.models import Effect

KEY = "duplicated-tasks"


def find(scope: Scope) -> Iterator[Finding]:
    """Tasks of one queue about one contact, by two runs or two steps; said of the step that came second."""
    for workflow_id, step, first_id, first_step, queue, now, former, samples in scope.rows(
        _STATEMENT, first=scope.first(Effect), workflows=list(scope.flows)
    ):
        flow, first = scope.flows[workflow_id], scope.flows.get(first_id)
        if not now:
            continue
        where = (
            first.step_name(first_step) + (f" in {first.name}" if first is not flow else "") if first else first_step
        )
        same = first is flow and first_step == step
        yield Finding(
            kind=KEY,
            says=f"{flow.step_name(step)} puts a task into {queue} "
            + ("for somebody who got one by it within the day before" if same else f"after {where} did, within a day"),
            fix="Create the task in one place, or let its runs enter once for each person and day",
            team=flow.owner_of(step),
            count=now,
            former=former,
            workflow=flow.key,
            step=step,
            samples=contacts(samples),
        )


_STATEMENT = f"""
    WITH tasks AS (
        SELECT workflow_id, step, contact_id, planned_at, coalesce(payload ->> 'queue', system) AS queue,
            lag(workflow_id) OVER earlier AS first_id, lag(step) OVER earlier AS first_step,
            planned_at - lag(planned_at) OVER earlier AS apart
        FROM {Effect._meta.db_table}
        WHERE id >= %(first)s AND planned_at BETWEEN %(before)s AND %(at)s AND kind = 'create_task'
          AND contact_id IS NOT NULL AND state IN ('planned', 'held', 'reserved', 'done', 'uncertain')
        WINDOW earlier AS (PARTITION BY contact_id, system, coalesce(payload ->> 'queue', system) ORDER BY id)
    )
    SELECT workflow_id, step, first_id, first_step, queue, count(*) FILTER (WHERE planned_at >= %(since)s),
        count(*) FILTER (WHERE planned_at < %(since)s),
        (array_agg(DISTINCT contact_id) FILTER (WHERE planned_at >= %(since)s))[1:5]
    FROM tasks WHERE apart < interval '1 day' AND workflow_id = ANY(%(workflows)s::bigint[])
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""  # noqa: S608  names of our own

KIND = Kind(
    KEY,
    "Duplicated tasks",
    BOTTLENECK,
    "One person, one queue, and two tasks within a day.",
    ("B5", "D8"),
    "copy",
    find,
    codes=("RUN006",),
)
