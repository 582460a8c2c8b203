"""Dashboards: which metrics stand on which page, and all their numbers by one statement (requirement F9).

A board names metrics by their keys; what these mean is none of its business. A metric that the workspace does not
define, or that cannot be told apart by a filter of the address, is left out and named as left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from campaigns.models import Rollout
from reporting import compile
from reporting.metrics import Grain, Journey, Period, Question
from reporting.queries.metrics import Answer, Catalog, Defined, Row, ask, catalog, rows_of, zone
from workflows.engine.metrics import Filters
from workflows.models import Rename

#: Lines of a table; the others are one line more.
MOST_LINES = 40
#: Marks on a trend, the newest first.
MOST_MARKS = 12
#: Cohorts of a time that is longer are those of months, others of weeks.
MONTHS_FROM = 120


@dataclass(frozen=True, slots=True)
class Board:
    """One page."""

    key: str
    title: str
    says: str
    icon: str
    tiles: tuple[str, ...]
    #: Drawn large: the first that there is, unless the address names another.
    trends: tuple[str, ...]
    funnel: tuple[str, ...]
    #: What lines of the table are, tried in this order for each metric.
    by: tuple[str, ...]
    by_words: str
    columns: tuple[str, ...]
    #: A conversion metric whose cohorts are shown.
    cohort: str = ""
    #: What the address may filter by: its parameter, and the dimensions that stand for it, tried in order.
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def line_filter(self) -> str:
        """The filter by which one of its lines is chosen; empty: there is none."""
        return next((name for name, dimensions in self.filters if set(dimensions) & set(self.by)), "")


_CAMPAIGN = ("campaign", ("campaign",))
_CHANNEL = ("channel", ("channel",))
_WORKFLOW = ("workflow", ("workflow",))
#: Amounts are told apart by it; what is no amount counts whatever it says.
_CURRENCY = ("currency", ("currency",))
_TEAM = ("team", ("workflow.owner", "campaign.owner", "owner", "team"))
_STAGES = ("leads", "mql", "sql", "opportunities", "customers")
_LINES = ("leads", "mql", "messages-sent", "conversions", "conversion-rate", "qualified-pipeline", "won-value")

BOARDS: Mapping[str, Board] = {
    board.key: board
    for board in (
        Board(
            key="campaigns",
            title="Campaigns",
            says="What each campaign brought, by the same definitions, so that two lines can be compared.",
            icon="megaphone",
            tiles=("leads", "mql", "conversions", "conversion-rate", "campaign-cost", "cost-per-lead", "messages-sent"),
            trends=("leads", "mql", "conversions", "conversion-rate", "messages-sent"),
            funnel=_STAGES,
            by=("campaign",),
            by_words="Campaign",
            columns=(*_LINES, "campaign-cost", "cost-per-lead"),
            filters=(_CAMPAIGN, _CHANNEL, _CURRENCY),
        ),
        Board(
            key="pipeline",
            title="Pipeline",
            says="How leads become customers, how fast, and which channels are owed what is in the pipeline.",
            icon="chart-no-axes-combined",
            tiles=("leads", "mql", "sql", "qualified-pipeline", "won-value", "velocity", "lead-to-mql", "mql-to-sql"),
            trends=(*_STAGES, "qualified-pipeline", "lead-to-mql", "velocity"),
            funnel=_STAGES,
            by=("channel",),
            by_words="Channel",
            columns=("leads", "mql", "sql", "opportunities", "customers", "qualified-pipeline", "pipeline-attribution"),
            cohort="lead-to-mql",
            filters=(_CAMPAIGN, _CHANNEL, _CURRENCY),
        ),
        Board(
            key="workflows",
            title="Workflows",
            says="What workflows sent, withheld, prevented and reached, and how fast sales had the lead.",
            icon="workflow",
            tiles=("messages-sent", "send-rate", "conversions", "routing-time", "delivery-rate", "open-rate",
                   "unsubscribe-rate", "duplicates-prevented"),
            trends=("messages-sent", "send-rate", "conversions", "routing-time"),
            funnel=(),
            by=("workflow",),
            by_words="Workflow",
            columns=("messages-sent", "send-rate", "conversions", "routing-time"),
            filters=(_WORKFLOW, _CAMPAIGN),
        ),
        Board(
            key="teams",
            title="Teams",
            says="What each team's campaigns and workflows came to, and how long others wait for its answers.",
            icon="users",
            tiles=("leads", "messages-sent", "conversions", "routing-time", "approval-time", "campaign-cost"),
            trends=("leads", "messages-sent", "conversions", "approval-time"),
            funnel=(),
            by=_TEAM[1],
            by_words="Team",
            columns=("leads", "messages-sent", "conversions", "routing-time", "approval-time", "campaign-cost"),
            filters=(_TEAM,),
        ),
    )
}  # fmt: skip


def places_of(metric: str) -> dict[str, list[str]]:
    """Boards on which it stands, each with the parts of the page that show it."""
    found = {
        board.key: [
            part
            for part, keys in (
                ("number", board.tiles),
                ("trend", board.trends),
                ("step", board.funnel),
                (f"column by {board.by_words.lower()}", board.columns),
                ("cohorts", (board.cohort,)),
            )
            if metric in keys
        ]
        for board in BOARDS.values()
    }
    return {key: parts for key, parts in found.items() if parts}


@dataclass(frozen=True, slots=True)
class Asked:
    """A board, about a time, of what the address lets through."""

    board: Board
    period: Period
    grain: Grain
    #: By parameter; empty ones are left out.
    filters: Mapping[str, str]
    trend: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One number beside the time before, and its way."""

    metric: Defined
    answer: Answer
    former: float | None
    former_currency: str
    series: tuple[tuple[date, float | None], ...]
    #: Whether there is somebody behind it.
    has_contacts: bool

    @property
    def currency(self) -> str:
        return self.answer.currency

    @property
    def value(self) -> float | None:
        return self.answer.value

    @property
    def change(self) -> float | None:
        """By how much of itself it changed; None where that cannot be said."""
        if self.value is None or not self.former or self.currency != self.former_currency:
            return None
        return (self.value - self.former) / abs(self.former)

    @property
    def tone(self) -> str:
        if not self.change or self.metric.better == "neither":
            return ""
        return "good" if (self.change > 0) == (self.metric.better == "higher") else "bad"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, to be seen beside numbers."""

    at: datetime
    says: str
    icon: str


@dataclass(frozen=True, slots=True)
class Trend:
    """One metric over the time, and over the time before."""

    metric: Defined
    series: tuple[tuple[date, float | None], ...]
    former: tuple[tuple[date, float | None], ...]
    #: What is to be reached in each span; None where nothing is set for spans like these.
    target: float | None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table."""

    name: str
    #: In the order of the columns.
    values: tuple[float | None, ...]
    currencies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cohort:
    """Those who began in one span: how many, and which share had got there after so many spans."""

    at: date
    began: int
    shares: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A board with its numbers."""

    asked: Asked
    zone: str
    tiles: tuple[Tile, ...]
    trend: Trend | None
    trends: tuple[Defined, ...]
    steps: tuple[tuple[Defined, float], ...]
    columns: tuple[Defined, ...]
    lines: tuple[Line, ...]
    cohorts: tuple[Cohort, ...]
    cohort: Defined | None
    marks: tuple[Mark, ...]
    #: Metrics that cannot be told apart by what the address asks for.
    left_out: tuple[Defined, ...]


def show(asked: Asked, *, today: date) -> Shown:
    """All numbers of a board; six queries, whatever stands on it."""
    known, where = catalog(), zone()
    asking = Asking(asked, known)
    board = asked.board
    drawn = asking.drawn()
    tiles = [key for key in board.tiles if asking.can(key)]
    steps = [key for key in board.funnel if asking.can(key)]
    columns = [key for key in board.columns if asking.group(key)]
    questions = [
        *asking.questions(tiles),
        *asking.questions(tiles, former=True),
        *asking.questions(tiles, series=True),
        *asking.questions([drawn] if drawn else [], series=True),
        *asking.questions([drawn] if drawn else [], series=True, former=True),
        *asking.questions(steps),
        *asking.questions(columns, grouped=True),
    ]
    answers = iter(ask(questions, known=known, at_zone=where))
    now, before, ways, (*way,), (*past,), reached, cells = (
        [next(answers) for _ in range(count)]
        for count in (len(tiles), len(tiles), len(tiles), bool(drawn), bool(drawn), len(steps), len(columns))
    )
    cohort = board.cohort if board.cohort and asking.can(board.cohort) else ""
    wanted = dict.fromkeys([*board.tiles, *board.columns])
    return Shown(
        asked=asked,
        zone=where,
        tiles=tuple(
            Tile(one.metric, one, was.value, was.currency, series.series, known.has_contacts(one.question))
            for one, was, series in zip(now, before, ways, strict=True)
        ),
        trend=_trend(way[0], past[0], asked.grain) if drawn else None,
        trends=tuple(known.metrics[key] for key in board.trends if asking.can(key)),
        steps=tuple((one.metric, one.value or 0) for one in reached),
        columns=tuple(known.metrics[key] for key in columns),
        lines=tuple(_lines(cells)),
        cohorts=tuple(_cohorts(known, asking.question(cohort), where, today)) if cohort else (),
        cohort=known.metrics.get(cohort),
        marks=tuple(_marks(asked.period, where)),
        left_out=tuple(known.metrics[key] for key in wanted if key in known and not asking.can(key)),
    )


def where_of(asked: Asked, metric: str, known: Catalog) -> Filters | None:
    """The filters of the address as dimensions of a metric; None if it cannot be told apart by one of them."""
    return Asking(asked, known).where(metric)


class Asking:
    """Questions of one board; what a metric can be told apart by is asked once."""

    def __init__(self, asked: Asked, known: Catalog) -> None:
        self.asked, self.known = asked, known
        self.dimensions = dict(asked.board.filters)

    def can(self, key: str) -> bool:
        return key in self.known and self.where(key) is not None

    def where(self, key: str) -> Filters | None:
        made: dict[str, tuple[str, ...]] = {}
        for name, value in self.asked.filters.items():
            dimension = self._first(key, self.dimensions[name])
            if not dimension:
                if name == _CURRENCY[0]:
                    continue
                return None
            made[dimension] = (value,)
        return made

    def group(self, key: str) -> str:
        return self._first(key, self.asked.board.by) if self.can(key) else ""

    def _first(self, key: str, names: Sequence[str]) -> str:
        return next((name for name in names if self.known.can_tell(key, name)), "")

    def question(self, key: str, *, series: bool = False, former: bool = False, by: tuple[str, ...] = ()) -> Question:
        period = self.asked.period.former if former else self.asked.period
        return Question(key, period, self.asked.grain if series else None, by, self.where(key) or {})

    def questions(
        self, keys: Sequence[str], *, series: bool = False, former: bool = False, grouped: bool = False
    ) -> Iterator[Question]:
        for key in keys:
            yield self.question(key, series=series, former=former, by=(self.group(key),) if grouped else ())

    def drawn(self) -> str:
        """The metric of the trend; empty: none can be."""
        board = self.asked.board
        return next((key for key in (self.asked.trend, *board.trends) if key in board.trends and self.can(key)), "")


def _trend(answer: Answer, former: Answer, grain: Grain) -> Trend:
    per, value = answer.metric.target.get("per", ""), answer.metric.target.get("value")
    is_due = isinstance(value, int | float) and (not per or per == grain.value)
    target = float(value) if is_due and value is not None else None
    return Trend(answer.metric, answer.series, former.series, target, answer.currency)


def _lines(cells: Sequence[Answer]) -> Iterator[Line]:
    """Each group that any column knows; the largest of the first column first."""
    found: dict[str, list[Row]] = {}
    nothing = [Row(None, (), answer.of_nothing) for answer in cells]
    for number, answer in enumerate(cells):
        for row in answer.rows:
            found.setdefault(row.by[0], list(nothing))[number] = row
    ranked = sorted(found.items(), key=lambda one: (not one[0], [-(row.value or 0) for row in one[1]], one[0]))
    for name, rows in ranked[:MOST_LINES]:
        yield Line(name, tuple(row.value for row in rows), tuple(row.currency for row in rows))


def cohort_grain(period: Period) -> Grain:
    """How long the spans are that cohorts begin in."""
    return Grain.MONTH if period.days > MONTHS_FROM else Grain.WEEK


def _cohorts(known: Catalog, question: Question, where: str, today: date) -> Iterator[Cohort]:
    """By the span in which somebody began, months of a long time and weeks of a shorter one."""
    grain = cohort_grain(question.period)
    plan = known.plan(question)
    if not isinstance(plan.root, Journey):
        return
    counted: dict[date, dict[int | None, int]] = {}
    for at, passed, count in rows_of(compile.cohorts(plan, zone=where, grain=grain, ways=known.ways)):
        counted.setdefault(at, {})[passed] = count
    starts = list(question.period.buckets(grain))
    for at in starts:
        found = counted.get(at, {})
        began, so_far, shares = sum(found.values()), 0, []
        for passed in range(min(len(starts), 12)):
            so_far += found.get(passed, 0)
            is_over = at.toordinal() + passed * (30 if grain is Grain.MONTH else 7) <= today.toordinal()
            shares.append(so_far / began if began and is_over else None)
        yield Cohort(at, began, tuple(shares))


def _marks(period: Period, where: str) -> Iterator[Mark]:
    """Releases and renames of the time, the newest first."""
    since, until = (datetime.combine(day, time(), ZoneInfo(where)) for day in (period.since, period.until))
    rollouts = Rollout.objects.filter(started_at__gte=since, started_at__lt=until).select_related("version__workflow")
    renames = Rename.objects.filter(at__gte=since, at__lt=until)
    marks = [
        Mark(row.started_at, f"{row.version.workflow.name}, version {row.version.number}, let out", "rocket")
        for row in rollouts.order_by("-started_at")[:MOST_MARKS]
    ]
    marks += [
        Mark(row.at, f"{row.old} is called {row.new}", "text-cursor-input")
        for row in renames.order_by("-at")[:MOST_MARKS]
    ]
    yield from sorted(marks, key=lambda mark: mark.at, reverse=True)[:MOST_MARKS]
