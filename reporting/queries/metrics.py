"""Numbers by their definitions: the one way in which pages, interface, files and reports come by them.

`ask` answers any number of questions with four queries: what is defined, by which version, what is kept added up, and
one statement.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import BadRequest
from django.db import DataError, connection

from martechops.lib import digest
from reporting import compile
from reporting.metrics import BadQuestion, Leaf, Period, Plan, Question, leaves, make
from reporting.models import Projection
from reporting.sql_layout import laid_out
from workflows.engine.metrics import MODELS, BadMetric, Definition, Filters, entity_column, read, within_workflow
from workflows.models import DefinitionVersion, Metric
from workflows.queries import work_calendar

#: Rows of one answer; the page and the interface say so where there are more.
MOST_ROWS = 10_000
#: Stands for the currency where amounts of several would have had to be added: then there is no number.
SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Defined:
    """A metric as it is defined now."""

    key: str
    name: str
    meaning: str
    unit: str
    better: str
    target: Mapping[str, Any]
    status: str
    owner: str
    type: str
    #: Its newest version, and the digest of that; 0 and empty for one that was written past the machinery.
    version: int
    digest: str
    definition: Definition

    @property
    def says_version(self) -> str:
        """As it stands beside every number."""
        return f"version {self.version}, {self.digest[:8]}"


@dataclass(frozen=True, slots=True)
class Catalog:
    """All metrics that can be read, by key."""

    metrics: Mapping[str, Defined]
    #: From stage to stage, kept added up; None: there are no rollups yet.
    ways: frozenset[tuple[str, str]] | None = None

    @property
    def definitions(self) -> dict[str, Definition]:
        return {key: metric.definition for key, metric in self.metrics.items()}

    def __contains__(self, key: str) -> bool:
        return key in self.metrics

    def digest_of(self, keys: Iterable[str]) -> str:
        """Names all that a number is counted by which rests on these."""
        return digest.of([[one, self.metrics[one].version, self.metrics[one].digest] for one in keys])

    def plan(self, question: Question) -> Plan:
        """Raises `BadQuestion`."""
        return make(question, self.definitions)

    def can_tell(self, metric: str, *names: str) -> bool:
        """Whether its numbers can be told apart by these dimensions."""
        today = Period(date(2000, 1, 1), date(2000, 1, 2))
        try:
            self.plan(Question(metric, today, by=names))
        except BadQuestion:
            return False
        return True

    def has_contacts(self, question: Question) -> bool:
        """Whether some of the rows that it is counted of are about contacts."""
        return _about_contacts(self.plan(question)) is not None

    def within(self, metric: str, workflow: str) -> Filters:
        """The filter that narrows it to one workflow. Raises `BadQuestion` where it is about none."""
        root = self.plan(Question(metric, Period(date(2000, 1, 1), date(2000, 1, 2)))).root
        by = within_workflow(MODELS[leaf.view] for leaf in leaves(root))
        if not by:
            raise BadQuestion("metric", f"{metric} is counted of what belongs to no workflow.")
        return {by: (workflow,)}


@dataclass(frozen=True, slots=True)
class Row:
    """One number."""

    #: First day of the span; None: the whole time.
    at: date | None
    by: tuple[str, ...]
    #: None: nothing happened that it could be said of, or it would be of several currencies.
    value: float | None
    #: Of money, as it was said; `SEVERAL`: of more than one.
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question came to, and by which definitions."""

    question: Question
    metric: Defined
    #: Every metric that it rests on, itself first.
    rests_on: tuple[Defined, ...]
    #: In order of time, then the highest value first.
    rows: tuple[Row, ...]
    #: What it comes to where nothing happened; None: nothing can be said.
    of_nothing: float | None
    is_cut: bool = False

    @property
    def digest(self) -> str:
        """Names everything that the number was counted by."""
        return digest.of([[one.key, one.version, one.digest] for one in self.rests_on])

    @property
    def value(self) -> float | None:
        """Of a question without spans and groups."""
        return self.rows[0].value if self.rows else self.of_nothing

    @property
    def currency(self) -> str:
        """Of all its numbers; `SEVERAL` if these cannot be compared."""
        said = {row.currency for row in self.rows}
        return SEVERAL if len(said) > 1 else next(iter(said), "")

    @property
    def series(self) -> tuple[tuple[date, float | None], ...]:
        """Every span of the time, also those in which nothing happened."""
        grain = self.question.grain
        of_several = len({row.currency for row in self.rows}) > 1
        found = {row.at: None if of_several else row.value for row in self.rows}
        nothing = self.of_nothing
        return tuple((at, found.get(at, nothing)) for at in self.question.period.buckets(grain)) if grain else ()


def zone() -> str:
    """The time zone that days are counted in."""
    return work_calendar.calendar().timezone


def catalog() -> Catalog:
    """Every metric that can be read; three queries."""
    rows = list(Metric.objects.select_related("owner"))
    newest = (
        DefinitionVersion.objects.filter(kind="metric", object_id__in=[row.pk for row in rows])
        .order_by("object_id", "-number")
        .distinct("object_id")
        .values_list("object_id", "number", "digest")
    )
    versions = {id: (number, found) for id, number, found in newest}
    kept = Projection.objects.values_list("ways", flat=True).first()
    return Catalog(
        {one.key: one for one in _defined(rows, versions)}, None if kept is None else frozenset(map(tuple, kept))
    )


def _defined(rows: Iterable[Metric], versions: Mapping[int, tuple[int, str]]) -> Iterator[Defined]:
    for row in rows:
        number, found = versions.get(row.pk, (0, ""))
        try:
            definition = read(row.type, row.formula)
        except BadMetric:  # written past the check on save
            continue
        yield Defined(
            key=row.key,
            name=row.name,
            meaning=row.meaning,
            unit=row.unit,
            better=row.better,
            target=row.target if isinstance(row.target, dict) else {},
            status=row.status,
            owner=row.owner.key,
            type=row.type,
            version=number,
            digest=found,
            definition=definition,
        )


def ask(questions: Sequence[Question], *, known: Catalog | None = None, at_zone: str | None = None) -> list[Answer]:
    """The answer to each. Raises `BadQuestion` for the first that has none."""
    known = known or catalog()
    plans = [known.plan(question) for question in questions]
    found: dict[int, list[Row]] = {number: [] for number in range(len(plans))}
    for number, *said in rows_of(_statement(plans, known, at_zone)) if plans else ():
        found[number].append(_row(*said))
    return [_answer(plan, found[number], known) for number, plan in enumerate(plans)]


def ask_one(question: Question, *, known: Catalog | None = None) -> Answer:
    """Raises `BadQuestion`."""
    return ask([question], known=known)[0]


class Uncountable(BadQuestion, BadRequest):
    """Arithmetic of a definition left the numbers that there are; pages answer as they do to a bad address."""


def rows_of(statement: compile.Statement) -> list[tuple[Any, ...]]:
    """What a compiled statement finds. Raises `Uncountable`; within a transaction that has to be a savepoint's end."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(statement.text, statement.values)
        except DataError:
            raise Uncountable(
                "metric",
                "An expression comes to a number that is too large or too small to be told: mend the derived metrics "
                "that are asked for.",
            ) from None
        return list(cursor.fetchall())


def sql_of(question: Question, *, known: Catalog | None = None, at_zone: str | None = None) -> str:
    """The statement as an analyst runs it with the read-only role: the number, or a row for each span and group."""
    known = known or catalog()
    return text_of(compile.alone(known.plan(question), zone=at_zone or zone(), ways=known.ways))


def text_of(statement: compile.Statement) -> str:
    """A statement with its parameters filled in, to be read and run."""
    with connection.cursor() as cursor:
        text: str = cursor.mogrify(statement.text, statement.values)
    return laid_out(text)


def _statement(plans: Sequence[Plan], known: Catalog, at_zone: str | None = None) -> compile.Statement:
    return compile.statement(plans, zone=at_zone or zone(), ways=known.ways)


def leaf_of(plan: Plan) -> Leaf:
    """The rows that a number is about, contacts before anything else: of a share its numerator, of a cost per lead the
    leads. Raises LookupError where none of them is about contacts."""
    leaf = _about_contacts(plan)
    if leaf is None:
        raise LookupError(f"{plan.question.metric} is counted of no contacts")
    return leaf


def _about_contacts(plan: Plan) -> Leaf | None:
    return next((leaf for leaf in leaves(plan.root) if entity_column(MODELS[leaf.view], "contact")), None)


def _row(bucket: date | None, by: list[str], value: float | None, currency: str | None) -> Row:
    if value is not None and math.isnan(value):
        return Row(bucket, tuple(by), None, SEVERAL)
    return Row(bucket, tuple(by), value, currency or "")


def _answer(plan: Plan, rows: list[Row], known: Catalog) -> Answer:
    in_order = sorted(rows, key=lambda row: (row.at or date.min, -(row.value or 0), row.by))
    return Answer(
        question=plan.question,
        metric=known.metrics[plan.question.metric],
        rests_on=tuple(known.metrics[key] for key in plan.rests_on),
        rows=tuple(in_order[:MOST_ROWS]),
        of_nothing=plan.of_nothing,
        is_cut=len(in_order) > MOST_ROWS,
    )
