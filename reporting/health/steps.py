"""What happened at each step: who came, who acted, who went on, and how long it took. From the traces of runs.

Of each workflow the newest runs of either period are read, which bounds what a look costs; the counts say of how many.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflows.models import Effect, Run, Trace

from .scope import Scope

#: Runs of one workflow and period whose traces are read.
RUNS = 1_000
_RUNS, _TRACES, _EFFECTS = Run._meta.db_table, Trace._meta.db_table, Effect._meta.db_table


@dataclass(frozen=True, slots=True)
class StepFigure:
    """One step of what is live, over the runs of the period that were read."""

    workflow: str
    step: str
    #: Runs that were read, that came to the step, and for which it did something.
    runs: int
    came: int
    acted: int
    #: Of those that came: still there, and ended there without being through.
    here: int
    ended: int
    #: Seconds that it took, waiting and work together: half took less, nine in ten took less; None: nobody is through.
    p50_seconds: float | None
    p90_seconds: float | None
    #: The same share and time in the period before.
    former_came: int
    former_p50_seconds: float | None
    former_went_on: float | None

    @property
    def went_on(self) -> float | None:
        """Of those that are not there any more, the share that went on."""
        return _share(self.came - self.here - self.ended, self.came - self.here)


def figures(scope: Scope) -> Mapping[tuple[int, str], StepFigure]:
    """By workflow id and step, of steps of what is live. Asked once a look."""
    return _known(scope)


def _known(scope: Scope) -> Mapping[tuple[int, str], StepFigure]:
    kept: Mapping[tuple[int, str], StepFigure] | None = scope.__dict__.get("_figures")
    if kept is None:
        kept = scope.__dict__["_figures"] = _figures(scope)
    return kept


def _figures(scope: Scope) -> dict[tuple[int, str], StepFigure]:
    counted: dict[tuple[int, str, bool], tuple[Any, ...]] = {}
    for workflow_id, step, is_now, *figures in scope.rows(
        _STATEMENT,
        first_run=scope.first(Run),
        last_run=scope.last_before(Run),
        newest_run=2**63 - 1,
        first_trace=scope.first(Trace),
        workflows=list(scope.flows),
        versions=[flow.version_id for flow in scope.flows.values()],
    ):
        counted[workflow_id, step, is_now] = tuple(figures)
    runs = {workflow_id: row[0] for (workflow_id, _, is_now), row in counted.items() if is_now}
    found = {}
    for flow in scope.flows.values():
        for step in flow.spec.steps:
            now = counted.get((flow.id, step.key, True), (runs.get(flow.id, 0), 0, 0, 0, 0, None, None))
            former = counted.get((flow.id, step.key, False), (0, 0, 0, 0, 0, None, None))
            came, acted, here, ended, p50, p90 = now[1:]
            found[flow.id, step.key] = StepFigure(
                workflow=flow.key,
                step=step.key,
                runs=now[0],
                came=came,
                acted=acted,
                here=here,
                ended=ended,
                p50_seconds=p50,
                p90_seconds=p90,
                former_came=former[1],
                former_p50_seconds=former[5],
                former_went_on=_share(former[1] - former[3] - former[4], former[1] - former[3]),
            )
    return found


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None


def _told(table: str) -> str:
    """Runs with the traces of their subject that tell of them, run by run along the index: all traces are many more."""
    same = {
        "contact": "t.contact_id = r.contact_id",
        "content": "t.content_id = r.content_id AND t.contact_id IS NULL",
        "workspace": "t.contact_id IS NULL AND t.content_id IS NULL AND r.contact_id IS NULL AND r.content_id IS NULL",
    }[table]
    return f"""
        SELECT r.*, t.id AS trace_id, t.at AS told_at, w.said FROM sampled r
        CROSS JOIN LATERAL (
            SELECT t.id, t.at, t.detail FROM {_TRACES} t
            WHERE {same} AND t.id >= %(first_trace)s AND t.at >= r.entered_at OFFSET 0
        ) AS t
        CROSS JOIN LATERAL json_array_elements(t.detail -> 'workflows') AS w (said)
        WHERE w.said ->> 'run_id' = r.id::text
    """  # noqa: S608  names of our own


#: What is no doing of a step: its rule did not hold, its guard withheld it, it failed.
_IDLE = "('skipped', 'withheld', 'failed')"

_STATEMENT = f"""
    WITH periods AS (
        SELECT w.id AS workflow_id, p.* FROM unnest(%(workflows)s::bigint[]) AS w (id) CROSS JOIN (VALUES
            (TRUE, %(since)s::timestamptz, %(at)s::timestamptz, %(newest_run)s::bigint),
            (FALSE, %(before)s, %(since)s - interval '1 microsecond', %(last_run)s)
        ) AS p (is_now, begins, ends, last_run)
    ), sampled AS MATERIALIZED (
        SELECT r.*, p.is_now FROM periods p CROSS JOIN LATERAL (
            SELECT id, workflow_id, contact_id, content_id, entered_at, ended_at, state, step FROM {_RUNS} r
            WHERE r.workflow_id = p.workflow_id AND r.id BETWEEN %(first_run)s AND p.last_run
              AND r.entered_at BETWEEN p.begins AND p.ends
              AND (NOT p.is_now OR r.version_id = ANY(%(versions)s::bigint[]))
            ORDER BY r.id DESC LIMIT {RUNS}
        ) AS r
    ),
    told AS MATERIALIZED ({" UNION ALL ".join(_told(kind) for kind in ("contact", "content", "workspace"))}),
    visits AS (
        SELECT t.workflow_id, t.is_now, t.id AS run_id, s.one ->> 'step' AS step,
            bool_or(s.one ->> 'outcome' NOT IN {_IDLE}) AS acted
        FROM told t CROSS JOIN LATERAL json_array_elements(t.said -> 'steps') AS s (one) GROUP BY 1, 2, 3, 4
    ), stays AS (
        SELECT workflow_id, is_now, id AS run_id, said ->> 'step' AS step,
            lead(told_at) OVER (PARTITION BY id ORDER BY trace_id) - told_at AS took, said ->> 'state' AS state
        FROM told
    ), worked AS (
        SELECT r.workflow_id, r.is_now, r.id AS run_id, e.step, e.took
        FROM sampled r CROSS JOIN LATERAL (
            SELECT e.step, e.ended_at - e.planned_at AS took FROM {_EFFECTS} e
            WHERE e.contact_id = r.contact_id AND e.run_id = r.id AND e.state = 'done' AND e.ended_at IS NOT NULL
            OFFSET 0
        ) AS e
    ), times AS (
        SELECT workflow_id, is_now, run_id, step, sum(extract(epoch FROM took)) AS seconds FROM (
            SELECT workflow_id, is_now, run_id, step, took FROM stays WHERE state = 'waiting' AND took IS NOT NULL
            UNION ALL SELECT * FROM worked
        ) AS both_kinds GROUP BY 1, 2, 3, 4
    ), totals AS (SELECT workflow_id, is_now, count(*) AS runs FROM sampled GROUP BY 1, 2)
    SELECT v.workflow_id, v.step, v.is_now, min(o.runs)::int, count(*)::int, (count(*) FILTER (WHERE v.acted))::int,
        (count(*) FILTER (WHERE r.state = 'waiting' AND r.step = v.step))::int,
        (count(*) FILTER (WHERE r.state IN ('stopped', 'failed') AND r.step = v.step))::int,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY m.seconds::float),
        percentile_cont(0.9) WITHIN GROUP (ORDER BY m.seconds::float)
    FROM visits v JOIN sampled r ON r.id = v.run_id
    JOIN totals o ON o.workflow_id = v.workflow_id AND o.is_now = v.is_now
    LEFT JOIN times m ON m.run_id = v.run_id AND m.step = v.step AND m.is_now = v.is_now
    GROUP BY v.workflow_id, v.step, v.is_now
"""  # noqa: S608
