"""Success criteria of what is live, and how they stand: budgets, days, and what metrics come to."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from campaigns.budgets import Budget, Day, Level, burn_down
from campaigns.models import CriterionSpan
from martechops.people.models import Team
from workflows.engine.business_time import Calendar
from workflows.engine.durations import Duration
from workflows.engine.spec import Criterion, Spec
from workflows.models import Activation, ContactChange, Conversion, Effect, LifecycleStage, Run, Workflow
from workflows.queries import specs, work_calendar

#: Over which spans are counted; a metric's criterion may say its own.
DAYS = 28
#: The stage from which somebody counts as qualified.
_QUALIFIED_FROM = "mql"
_SPANS, _RUNS, _EFFECTS = CriterionSpan._meta.db_table, Run._meta.db_table, Effect._meta.db_table


@dataclass(frozen=True, slots=True)
class Live:
    """A version that somebody enters now."""

    workflow: Workflow
    version_id: int
    spec: Spec


@dataclass(frozen=True, slots=True)
class Standing:
    """One criterion and how it stands."""

    workflow: Workflow
    criterion: Criterion
    level: Level
    #: Of a span.
    budget: Budget | None
    days: tuple[Day, ...]
    open: int
    #: Runs that were late, newest first.
    late: tuple[int, ...]
    #: Of a metric: what it comes to; None: it is not counted for one workflow.
    value: float | None = None

    @property
    def owner(self) -> Team:
        return self.workflow.owner

    @property
    def burn_down(self) -> tuple[tuple[Any, float], ...]:
        return burn_down(self.days, share=self.budget.share) if self.budget else ()

    @property
    def asks(self) -> str:
        """What it asks for, in words."""
        one = self.criterion
        if one.metric:
            wanted = f"at least {one.at_least:g}" if one.at_least is not None else f"at most {one.at_most:g}"
            return f"{one.metric.replace('_', ' ')}: {wanted} in {one.per or f'{DAYS} days'}"
        share = "all" if one.share is None else f"{100 * one.share:g} %"
        return f"{share} within {one.within}"


def live() -> list[Live]:
    """What can be entered now and can be read: stable versions before candidates. One query."""
    rows = Activation.arms.filter(until=None).select_related("version__workflow__owner")
    found = [
        Live(row.version.workflow, row.version_id, specs.of(row.version).spec) for row in rows.order_by("-arm", "pk")
    ]
    return [one for one in found if one.spec.steps]


def standings(*, at: datetime, keys: Iterable[str] | None = None) -> list[Standing]:
    """Every criterion of every workflow that is live, or of these; those in trouble first."""
    wanted = None if keys is None else set(keys)
    flows: dict[int, Live] = {}
    for one in live():
        if wanted is None or one.workflow.key in wanted:
            flows.setdefault(one.workflow.pk, one)
    counted, calendar = _counted(flows, at=at), work_calendar.calendar()
    values = _values(flows, calendar, at=at)
    found = [
        _metric(flow, criterion, values) if criterion.metric else _span(flow, criterion, counted)
        for flow in flows.values()
        for criterion in flow.spec.success
        if criterion.is_measurable
    ]
    return sorted(found, key=lambda one: (_ORDER.index(one.level), one.workflow.name, one.criterion.key))


_ORDER = (Level.BROKEN, Level.AT_RISK, Level.WELL, Level.WAITING)


def _counted(flows: Mapping[int, Live], *, at: datetime) -> Mapping[tuple[int, str], list[tuple[Any, ...]]]:
    """Days of each criterion: met, missed, open, and the newest runs that were late. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT workflow_id, criterion, (due_at AT TIME ZONE 'UTC')::date, count(*) FILTER (WHERE state = 'met'),
                count(*) FILTER (WHERE state = 'missed'), count(*) FILTER (WHERE state = 'open'),
                (array_agg(run_id ORDER BY run_id DESC) FILTER (WHERE state = 'missed'))[1:5]
            FROM {_SPANS} WHERE workflow_id = ANY(%s) AND due_at > %s AND state <> 'left'
            GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """,  # noqa: S608  names of our own
            [list(flows), at - timedelta(days=DAYS)],
        )
        found: dict[tuple[int, str], list[tuple[Any, ...]]] = {}
        for workflow_id, criterion, *day in cursor.fetchall():
            found.setdefault((workflow_id, criterion), []).append(tuple(day))
    return found


def _span(flow: Live, criterion: Criterion, counted: Mapping[tuple[int, str], list[tuple[Any, ...]]]) -> Standing:
    rows = counted.get((flow.workflow.pk, criterion.key), [])
    days = tuple(Day(day, met, missed) for day, met, missed, _, _ in rows if met or missed)
    share = 1.0 if criterion.share is None else criterion.share
    budget = Budget(sum(one.met for one in days), sum(one.missed for one in days), share)
    late = [run for *_, runs in reversed(rows) for run in runs or ()]
    return Standing(
        flow.workflow, criterion, budget.level, budget, days, open=sum(row[3] for row in rows), late=tuple(late[:5])
    )


def _metric(flow: Live, criterion: Criterion, values: Mapping[tuple[int, str], float]) -> Standing:
    value = values.get((flow.workflow.pk, criterion.key))
    level = Level.WAITING
    if value is not None:
        least, most = criterion.at_least, criterion.at_most
        holds = (least is None or value >= least) and (most is None or value <= most)
        level = Level.WELL if holds else Level.BROKEN
    return Standing(flow.workflow, criterion, level, None, (), open=0, late=(), value=value)


def _values(flows: Mapping[int, Live], calendar: Calendar, *, at: datetime) -> Mapping[tuple[int, str], float]:
    """What each metric comes to in each workflow that names it: one statement a metric and time."""
    asked: dict[tuple[str, Duration | None], list[tuple[int, str]]] = {}
    for flow in flows.values():
        for one in flow.spec.success:
            if one.metric in _METRICS and one.is_measurable:
                asked.setdefault((one.metric, one.per), []).append((flow.workflow.pk, one.key))
    found: dict[tuple[int, str], float] = {}
    for (metric, per), places in asked.items():
        since = per.before(at, calendar) if per else at - timedelta(days=DAYS)
        values = dict(_rows(_METRICS[metric], workflows=[id for id, _ in places], since=since, at=at))
        found |= {place: float(values.get(place[0], 0)) for place in places}
    return found


def _rows(statement: str, **values: Any) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values | {"qualified": _QUALIFIED_FROM})
        yield from cursor.fetchall()


def _effects(what: str) -> str:
    return f"""
        SELECT workflow_id, count(*) FROM {_EFFECTS} WHERE workflow_id = ANY(%(workflows)s)
        AND planned_at BETWEEN %(since)s AND %(at)s AND {what} GROUP BY 1
    """  # noqa: S608


_OF_WORKFLOW = "workflow_id = ANY(%(workflows)s) AND at BETWEEN %(since)s AND %(at)s"
#: Metric → a statement that answers workflow and value. What is missing here is not counted for one workflow.
_METRICS: Mapping[str, str] = {
    "leads": f"""SELECT workflow_id, count(DISTINCT contact_id) FROM {_RUNS}
        WHERE workflow_id = ANY(%(workflows)s) AND entered_at BETWEEN %(since)s AND %(at)s GROUP BY 1""",  # noqa: S608
    "qualified": f"""SELECT r.workflow_id, count(DISTINCT c.contact_id) FROM {ContactChange._meta.db_table} c
        JOIN {_RUNS} r ON r.id = c.run_id AND c.shape::json -> c.stage_at ->> 2 IS NOT NULL
        JOIN {LifecycleStage._meta.db_table} s ON s.key = c.pairs ->> (2 * c.stage_at + 1)
        JOIN {LifecycleStage._meta.db_table} q ON q.key = %(qualified)s AND s.position >= q.position
        WHERE r.workflow_id = ANY(%(workflows)s) AND c.stage_at IS NOT NULL AND c.at BETWEEN %(since)s AND %(at)s
        GROUP BY 1""",  # noqa: S608
    "conversions": f"SELECT workflow_id, count(*) FROM {Conversion._meta.db_table} WHERE {_OF_WORKFLOW} GROUP BY 1",  # noqa: S608
    "pipeline": f"""SELECT workflow_id, coalesce(sum(value), 0) FROM {Conversion._meta.db_table}
        WHERE {_OF_WORKFLOW} GROUP BY 1""",  # noqa: S608
    "messages": _effects("kind = 'send_message' AND state = 'done'"),
    "tasks": _effects("kind = 'create_task' AND state = 'done'"),
    "missing_fields": _effects("state = 'suppressed' AND reason LIKE '%% is missing%%'"),
    "failed_runs": f"""SELECT workflow_id, count(*) FROM {_RUNS} WHERE workflow_id = ANY(%(workflows)s)
        AND state = 'failed' AND entered_at BETWEEN %(since)s AND %(at)s GROUP BY 1""",  # noqa: S608
    "duplicates": f"""SELECT workflow_id, sum(times - 1) FROM (
            SELECT workflow_id, count(*) AS times FROM {_EFFECTS} WHERE workflow_id = ANY(%(workflows)s)
            AND planned_at BETWEEN %(since)s AND %(at)s AND kind IN ('send_message', 'create_task')
            AND state IN ('planned', 'held', 'reserved', 'done', 'uncertain')
            GROUP BY workflow_id, contact_id, run_id, kind, system, payload::text HAVING count(*) > 1
        ) AS twice GROUP BY 1""",  # noqa: S608
}
