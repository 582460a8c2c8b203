"""Success criteria of what is live, and how they stand: budgets, days, and what metrics come to.

What a metric comes to is counted by its one definition, in `reporting.actions.criterion_values`; here it is read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from campaigns.budgets import Budget, Day, Level, burn_down
from campaigns.models import CriterionSpan, CriterionValue
from martechops.people.models import Team
from workflows.engine.spec import Criterion, Spec
from workflows.models import Activation, Workflow
from workflows.queries import specs

#: Over which spans are counted; a metric's criterion may say its own.
DAYS = 28
#: Metrics are counted every minute: a value that is older than this is no answer any more.
STALE = timedelta(days=1)
_SPANS = CriterionSpan._meta.db_table


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
    #: Of a metric: the last time that it was counted, and each day of the last 28.
    counted: CriterionValue | None = None
    past: tuple[CriterionValue, ...] = ()
    #: Nobody has counted it for long: the value is what it was then, and decides nothing.
    is_stale: bool = False

    @property
    def value(self) -> float | None:
        """What the metric comes to; None: not counted yet, or nothing that it could be said of."""
        return self.counted.value if self.counted else None

    @property
    def came_to(self) -> str:
        """The value in words, with its unit; or why there is none."""
        if self.counted is None:
            return "not counted yet"
        if self.counted.says:
            return f"cannot be counted: {self.counted.says}"
        value = _in_unit(self.value, self.counted.unit, self.counted.currency)
        return f"{value} on {self.counted.counted_at:%-d %b %H:%M} UTC, not counted since" if self.is_stale else value

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
            unit = self.counted.unit if self.counted else ""
            limits = (("at least", one.at_least), ("at most", one.at_most))
            wanted = " and ".join(f"{says} {_in_unit(limit, unit)}" for says, limit in limits if limit is not None)
            return f"{one.metric.replace('-', ' ')}: {wanted} in {one.per or f'{DAYS} days'}"
        share = "all" if one.share is None else f"{100 * one.share:g} %"
        return f"{share} within {one.within}"


def _in_unit(value: float | None, unit: str, currency: str = "") -> str:
    """
    >>> _in_unit(0.25, "percent"), _in_unit(1200, "money", "EUR"), _in_unit(None, "count"), _in_unit(3, "hours")
    ('25 %', '1200 EUR', 'nothing to say it of', '3 hours')
    """
    if value is None:
        return "nothing to say it of"
    if unit == "percent":
        return f"{100 * value:.4g} %"
    return " ".join(filter(None, (f"{round(value, 2):.10g}", unit if unit in ("hours", "days") else currency)))


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
    counted, values = _counted(flows, at=at), _values(flows, at=at)
    found = [
        _metric(flow, criterion, values, at=at) if criterion.metric else _span(flow, criterion, counted)
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


def _metric(
    flow: Live, criterion: Criterion, counted: Mapping[tuple[int, str], list[CriterionValue]], *, at: datetime
) -> Standing:
    past = counted.get((flow.workflow.pk, criterion.key), [])
    newest = past[-1] if past and past[-1].metric == criterion.metric else None
    level, value = Level.WAITING, newest.value if newest else None
    is_stale = newest is not None and at - newest.counted_at > STALE
    if value is not None and not is_stale:
        least, most = criterion.at_least, criterion.at_most
        holds = (least is None or value >= least) and (most is None or value <= most)
        level = Level.WELL if holds else Level.BROKEN
    return Standing(
        *(flow.workflow, criterion, level, None, ()),
        open=0,
        late=(),
        counted=newest,
        past=tuple(past),
        is_stale=is_stale,
    )


def _values(flows: Mapping[int, Live], *, at: datetime) -> Mapping[tuple[int, str], list[CriterionValue]]:
    """What each metric came to, by workflow and criterion, day by day: as `reporting` counted it. One query."""
    if not any(one.metric for flow in flows.values() for one in flow.spec.success):
        return {}
    rows = CriterionValue.objects.filter(
        workflow_id__in=flows, counted_at__lte=at, counted_at__gt=at - timedelta(days=DAYS)
    )
    found: dict[tuple[int, str], list[CriterionValue]] = {}
    for row in rows.order_by("day"):
        found.setdefault((row.workflow_id, row.criterion), []).append(row)
    return found
