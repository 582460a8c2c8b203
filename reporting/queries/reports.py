"""What each report holds: a table by the definitions that pages use, and the kinds that it rests on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from campaigns.queries import criteria
from reporting.health import KINDS
from reporting.metrics import Period, Question
from reporting.metrics.question import MOST_DAYS
from reporting.models import Report
from reporting.queries import health_looks, metrics
from workflows.lint.workspace import STABLE

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """Titles, and rows of as many cells."""

    titles: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of REPORTS."""

    title: str
    says: str
    table: Callable[[datetime], Table]
    #: Kinds of definitions that its numbers rest on.
    rests_on: tuple[str, ...]


def _campaigns(at: datetime) -> Table:
    """Every campaign since its beginning, by the metrics of the workspace; the most conversions first."""
    known, today = metrics.catalog(), at.astimezone(ZoneInfo(metrics.zone())).date()
    ever = Period(today - timedelta(days=MOST_DAYS - 1), today + timedelta(days=1))
    keys = [key for key in _OF_CAMPAIGNS if known.can_tell(key, "campaign")]
    answers = metrics.ask([Question(key, ever, by=("campaign",)) for key in keys], known=known)
    found: dict[str, list[Cell]] = {}
    for number, answer in enumerate(answers):
        for row in answer.rows:
            found.setdefault(row.by[0], [0] * len(keys))[number] = _rounded(row.value)
    by_last = sorted(found.items(), key=lambda one: (not one[0], *(-float(cell or 0) for cell in one[1][::-1]), one[0]))
    return Table(
        ("Campaign", *(f"{answer.metric.name} (version {answer.metric.version})" for answer in answers)),
        tuple((name or "No campaign named", *cells) for name, cells in by_last),
    )


def _criteria(at: datetime) -> Table:
    rows = [
        (
            one.workflow.name,
            one.criterion.says or one.criterion.key,
            one.asks,
            one.budget.met if one.budget else one.value,
            one.budget.missed if one.budget else None,
            one.level.value.replace("-", " "),
        )
        for one in criteria.standings(at=at)
    ]
    return Table(("Workflow", "Criterion", "Asks", "In time, or value", "Late", "Stands"), tuple(rows))


def _health(at: datetime) -> Table:
    del at
    titles, look = {kind.key: kind.title for kind in KINDS}, health_looks.newest()
    found = look.findings if look else ()
    rows = [(titles[one.kind], one.workflow, one.says, one.count, one.former, one.team) for one in found]
    return Table(("Kind", "Workflow", "What", "Now", "Before", "Team to call"), tuple(rows))


def _metrics(at: datetime) -> Table:
    """Every metric that is agreed on."""
    known = metrics.catalog()
    return _of_metrics([key for key, one in known.metrics.items() if one.status in STABLE], known, at)


def _of_metrics(keys: Sequence[str], known: metrics.Catalog, at: datetime) -> Table:
    """The last whole week by the workspace's days, the one before, and by which version each was counted."""
    today = at.astimezone(ZoneInfo(metrics.zone())).date()
    week = Period(today - timedelta(days=7), today)
    asked = [Question(key, period) for key in keys for period in (week, week.former)]
    answers = metrics.ask(asked, known=known)
    rows = [
        (
            now.metric.name,
            _rounded(now.value),
            _rounded(former.value),
            _currency(now, former) or now.metric.unit,
            now.metric.says_version,
        )
        for now, former in zip(answers[::2], answers[1::2], strict=True)
    ]
    return Table(
        ("Metric", f"{week.since:%-d %b} to {week.last:%-d %b}", "Week before", "Unit", "Defined by"), tuple(rows)
    )


def _currency(*answers: metrics.Answer) -> str:
    said = {answer.currency for answer in answers} - {""}
    return "several currencies" if len(said) > 1 or metrics.SEVERAL in said else next(iter(said), "")


def _rounded(value: float | None) -> float | int | None:
    """Whole numbers as such."""
    return None if value is None else int(value) if value.is_integer() else round(value, 4)


#: Columns of the campaigns' report.
_OF_CAMPAIGNS = ("leads", "mql", "messages-sent", "conversions")
_METRIC_RESTS_ON = ("metric", "stage", "event-type", "scoring", "convention")
#: By the key that workflows name.
REPORTS: Mapping[str, Kind] = {
    "campaign-results": Kind(
        "Campaign results",
        "Leads, marketing qualified leads, messages and conversions of every campaign since it began",
        _campaigns,
        _METRIC_RESTS_ON,
    ),
    "success-criteria": Kind(
        "Success criteria", "How every success criterion of what is live stands", _criteria, ("stage", "event-type")
    ),
    "metrics": Kind(
        "Metrics", "Every metric that is agreed on, of the last week and the one before", _metrics, _METRIC_RESTS_ON
    ),
    "health": Kind("Health", "What happens otherwise than the maps say", _health, ("stage", "event-type", "field")),
}


def kind_of(key: str) -> Kind | None:
    """The report of this key, or the one of the metric that has it; None: there is neither."""
    if key in REPORTS:
        return REPORTS[key]
    known = metrics.catalog()
    if key not in known:
        return None
    one = known.metrics[key]
    return Kind(one.name, one.meaning, lambda at: _of_metrics([key], known, at), _METRIC_RESTS_ON)


def holding(metric: str, *, is_stable: bool) -> list[str]:
    """Keys of the reports that hold it, besides the one of its own; `is_stable`: it is agreed on."""
    of_campaigns = ["campaign-results"] if metric in _OF_CAMPAIGNS else []
    return of_campaigns + (["metrics"] if is_stable else [])


def newest(key: str = "", *, most: int = 50) -> Sequence[Report]:
    """Reports of a key or of all, newest first."""
    rows = Report.objects.order_by("-pk")
    return list((rows.filter(key=key) if key else rows)[:most])
