"""Statements over the documented views.

Every identifier comes from the closed table of `workflows.engine.metrics`; whatever a person chose is a parameter. A
statement answers any number of plans in one round trip, in rows of (plan, bucket, by, value, currency).

What a rollup holds is read from there (`rolled`); the rest is counted from facts. Both give the same.
Amounts of several currencies are never added: together they are no number, `NaN`, and whatever is computed from that.
"""

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from martechops.lib.frozen import dataclass
from reporting.metrics import Formula, Fraction, Grain, Journey, Leaf, Node, Period, Plan, Rolling
from workflows.engine.metrics import ENTERED, MODELS, Aggregate, Filters, Model, entity_column, measure_of
from workflows.engine.metrics.semantics import PRIMARY

from . import rolled
from .rolled import Rolled, Way

#: Entities that rollups have a column for.
_ENTITIES = ("campaign", "workflow")
_SIGNS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


@dataclass(frozen=True, slots=True)
class Statement:
    """Text with named parameters, as psycopg takes them."""

    text: str
    values: dict[str, Any]


def statement(plans: Sequence[Plan], *, zone: str, ways: Collection[Way] | None = None) -> Statement:
    """The answer to each plan, in rows of its number, the first day of the span (null: all of it), groups, value, and
    the currency of that (null: it is no money). `ways` are those that are kept added up; None: nothing is,
    and all is counted from facts.
    """
    made = _Compiler(zone, ways)
    parts = [
        f"SELECT {number} AS plan, bucket, by, value, currency FROM ({made.plan(plan)}) q{number}"  # noqa: S608  see above
        for number, plan in enumerate(plans)
    ]
    return Statement(" UNION ALL ".join(parts), made.values)


def alone(plan: Plan, *, zone: str, ways: Collection[Way] | None = None) -> Statement:
    """One answer as an analyst reads it: its number, or a row for each span and group, under the names asked by."""
    made, asked = _Compiler(zone, ways), plan.question
    within = made.plan(plan)
    if not asked.grain and not asked.by:
        value = "coalesce(max(value), 0)" if plan.is_additive else "max(value)"
        return Statement(f"SELECT {value} AS value FROM ({within}) q", made.values)  # noqa: S608
    heads = [f'by[{place}] AS "{name}"' for place, name in enumerate(asked.by, start=1)]
    if asked.grain:
        heads.insert(0, "bucket AS span")
    order = ", ".join(str(place + 1) for place in range(len(heads)))
    return Statement(
        f"SELECT {', '.join(heads)}, value FROM ({within}) q ORDER BY {order}",  # noqa: S608
        made.values,
    )


def cohorts(plan: Plan, *, zone: str, grain: Grain, ways: Collection[Way] | None = None) -> Statement:
    """Of a journey: rows of the span in which it began, the spans passed until it ended (null: not), and how many."""
    made = _Compiler(zone, ways)
    if not isinstance(plan.root, Journey):
        raise TypeError("only journeys have cohorts")
    length = {"day": 1, "week": 7, "month": 30}[grain]
    if kept := rolled.journey(plan.root, (), made.ways or ()):
        source, where = made.way(*kept, plan.question.period, ())
        passed = f"CASE WHEN m.passed_days < {plan.root.days} THEN m.passed_days / {length} END"
        return Statement(
            f"SELECT {_day_bucket(grain)} AS bucket, {passed} AS passed, sum(m.count)::bigint AS count "  # noqa: S608
            f"FROM {source} WHERE {where} GROUP BY 1, 2 ORDER BY 1, 2",
            made.values,
        )
    way = made.journey(plan.root, plan.question.period, (), grain)
    return Statement(
        f"SELECT b.bucket, floor(extract(epoch FROM b.reached - b.at) / {86_400 * length})::int AS passed, count(*) "  # noqa: S608
        f"FROM ({way}) b GROUP BY 1, 2 ORDER BY 1, 2",
        made.values,
    )


def contacts(leaf: Leaf, period: Period, *, zone: str, most: int) -> Statement:
    """Numbers of the contacts behind a leaf, those of the newest rows first, with how many rows each has."""
    made, model = _Compiler(zone), MODELS[leaf.view]
    column = entity_column(model, "contact")
    if column is None:
        raise LookupError(f"{leaf.view} is about no contacts")
    source, where = made.source(model, leaf, period, ())
    return Statement(
        f"SELECT m.{column}, count(*), max(m.{model.time}) FROM {source} WHERE {where} AND m.{column} IS NOT NULL "  # noqa: S608
        f"GROUP BY 1 ORDER BY 3 DESC, 1 DESC LIMIT {int(most)}",
        made.values,
    )


def marked(leaf: Leaf, *, rollout_id: int, zone: str) -> Statement:
    """Of the contacts that met a rollout by a coin: rows of share, arm, and how many a leaf counted since then.

    Whether they have entered the workflow need not be asked: they have met its rollout.
    """
    made, model = _Compiler(zone), MODELS[leaf.view]
    column = entity_column(model, "contact")
    if column is None:
        raise LookupError(f"{leaf.view} is about no contacts")
    told = {name: values for name, values in leaf.where.items() if name.removeprefix("!") != ENTERED}
    chosen = " AND ".join(["TRUE", *made.conditions(told)])
    source = f"reporting.{model.view} m{made.joined(tuple(model.foreign), model.foreign, leaf.where, ())}"
    return Statement(
        "SELECT x.share_percent, x.arm, count(*) FROM workflows_exposure x "  # noqa: S608  see above
        f"WHERE x.rollout_id = {made.value(rollout_id)} AND x.share_percent IS NOT NULL AND x.contact_id IS NOT NULL "
        f"AND EXISTS (SELECT FROM {source} WHERE {chosen} AND m.{column} = x.contact_id AND m.{model.time} >= x.at) "
        "GROUP BY 1, 2",
        made.values,
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """A statement within arithmetic."""

    text: str
    #: Where it finds nothing it is zero, and not unknown.
    is_sum: bool

    def column(self, number: int) -> str:
        found = f"sum(value) FILTER (WHERE part = {number})"
        return f"coalesce({found}, 0) AS p{number}" if self.is_sum else f"{found} AS p{number}"


class _Compiler:
    def __init__(self, zone: str, ways: Collection[Way] | None = None) -> None:
        self.zone, self.ways = zone, ways
        self.values: dict[str, Any] = {}

    def value(self, value: object) -> str:
        """A parameter that holds it; equal ones are one."""
        for name, known in self.values.items():
            if known == value and type(known) is type(value):
                return f"%({name})s"
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"%({name})s"

    def plan(self, plan: Plan) -> str:
        asked = plan.question
        if isinstance(plan.root, Leaf):
            return self.leaf(plan.root, asked.period, asked.by, asked.grain)
        parts: list[_Part] = []
        expression = self.expression(plan.root, plan, parts)
        if len(parts) == 1 and expression == "p0":
            return parts[0].text
        union = " UNION ALL ".join(
            f"SELECT {number} AS part, bucket, by, value, currency FROM ({part.text}) s{number}"  # noqa: S608
            for number, part in enumerate(parts)
        )
        columns = ", ".join(part.column(number) for number, part in enumerate(parts))
        return (
            f"SELECT bucket, by, {_of_one_currency(f'({expression})::float8', 'low', 'high')}, low AS currency "  # noqa: S608
            f"FROM (SELECT bucket, by, {columns}, min(currency) AS low, max(currency) AS high "
            f"FROM ({union}) parts GROUP BY bucket, by) wide"
        )

    def expression(self, node: Node, plan: Plan, parts: list[_Part]) -> str:
        """Arithmetic over p0, p1, …, each of which is added to `parts` as a statement of its own."""
        asked = plan.question
        match node:
            case Fraction(over=over, under=under):
                left = self.expression(over, plan, parts)
                return f"({left} / nullif({self.expression(under, plan, parts)}, 0))"
            case Formula(expression=text, parts=named):
                made = {name: self.expression(part, plan, parts) for name, part in named}
                return _arithmetic(ast.parse(text, mode="eval").body, made)
            case Leaf():
                is_sum = measure_of(node.measure)[1].aggregate is not Aggregate.MEDIAN
                parts.append(_Part(self.leaf(node, asked.period, asked.by, asked.grain), is_sum))
            case Rolling():
                parts.append(_Part(self.rolling(node, asked.period, asked.by, asked.grain), is_sum=True))
            case Journey():
                parts.append(_Part(self.given(node, asked.period, asked.by, asked.grain), node.gives == "count"))
        return f"p{len(parts) - 1}"

    def leaf(self, leaf: Leaf, period: Period, by: Sequence[str], grain: Grain | None) -> str:
        model, measure = measure_of(leaf.measure)
        if self.ways is not None and (kept := rolled.leaf(leaf, by)):
            source, where = self.kept(kept, period, by, grain)
            return self.grouped(kept.value, _day_bucket(grain), source, where, by, kept.currency)
        source, where = self.source(model, leaf, period, by)
        bucket = self.bucket(grain, f"m.{model.time}")
        value = _aggregate(measure.aggregate, measure.column)
        if measure.currency:
            where += f" AND m.{measure.column} IS NOT NULL"
        return self.grouped(value, bucket, source, where, by, measure.currency)

    def grouped(self, value: str, bucket: str, source: str, where: str, by: Sequence[str], currency: str = "") -> str:
        value = f"({value})::float8"
        least = f"min(m.{currency})" if currency else "NULL"
        said = _of_one_currency(value, least, f"max(m.{currency})") if currency else f"{value} AS value"
        return (
            f"SELECT {bucket} AS bucket, {self.groups(by)} AS by, {said}, {least}::text AS currency "  # noqa: S608
            f"FROM {source} WHERE {where} GROUP BY 1, 2"
        )

    def groups(self, by: Sequence[str]) -> str:
        chosen = ", ".join(f"coalesce({_column(name)}::text, '')" for name in by)
        return f"ARRAY[{chosen}]::text[]"

    def kept(self, kept: Rolled, period: Period, by: Sequence[str], grain: Grain | None) -> tuple[str, str]:
        """Of a rollup, which is by day already."""
        joined = self.joined(_ENTITIES, dict(zip(_ENTITIES, _ENTITIES, strict=True)), kept.where, by)
        chosen = [f"m.{column} IN ({', '.join(map(self.value, values))})" for column, values in kept.rows.items()]
        chosen += [*self.days(period), *self.conditions(kept.where)]
        if kept.currency:
            chosen.append("m.valued > 0")
        if kept.of_people:
            chosen.append(self.not_before(period, grain))
        return f"reporting.{kept.view} m{joined}", " AND ".join(chosen)

    def days(self, period: Period) -> Iterator[str]:
        if period.since > date.min:
            yield f"m.day >= {self.value(period.since)}"
        yield f"m.day < {self.value(period.until)}"

    def not_before(self, period: Period, grain: Grain | None) -> str:
        """Who was there before in the same span counts there already."""
        since = self.value(period.since)
        return f"m.former_day < {since if grain is None else f'greatest({_day_bucket(grain)}, {since})'}"

    def way(self, way: Way, where: Filters, period: Period, by: Sequence[str]) -> tuple[str, str]:
        """Ways from stage to stage by the day on which they began: all of them, or by campaign and channel."""
        joined = self.joined(("campaign",), {"campaign": "campaign"}, where, by)
        begun, reached = map(self.value, way)
        chosen = [
            f"m.from_stage = {begun} AND m.to_stage = {reached}",
            "NOT m.of_all" if where or by else "m.of_all",
            *self.days(period),
            self.not_before(period, None),
            *self.conditions(where),
        ]
        return f"reporting.daily_ways m{joined}", " AND ".join(chosen)

    def source(self, model: Model, leaf: Leaf, period: Period, by: Sequence[str]) -> tuple[str, str]:
        joined = self.joined(tuple(model.foreign), model.foreign, leaf.where, by)
        told = {name: values for name, values in leaf.where.items() if name.removeprefix("!") != ENTERED}
        chosen = [*self.during(f"m.{model.time}", period), *self.conditions(told), *self.entered(model, leaf.where)]
        return f"reporting.{model.view} m{joined}", " AND ".join(chosen)

    def during(self, column: str, period: Period) -> Iterator[str]:
        if period.since > date.min:
            yield f"{column} >= {self.value(self.midnight(period.since))}"
        yield f"{column} < {self.value(self.midnight(period.until))}"

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=ZoneInfo(self.zone))

    def joined(self, entities: Sequence[str], columns: Mapping[str, str], where: Filters, by: Sequence[str]) -> str:
        names = [*by, *(name.removeprefix("!") for name in where)]
        wanted = {_entity(name) for name in names} & set(entities)
        made = []
        for entity in sorted(filter(None, wanted)):
            other = PRIMARY[entity]
            assert other.primary is not None
            made.append(
                f" LEFT JOIN reporting.{other.view} j_{entity} ON j_{entity}.{other.primary[1]} = m.{columns[entity]}"
            )
        return "".join(made)

    def conditions(self, where: Filters) -> Iterator[str]:
        for said, values in where.items():
            column = _column(said.removeprefix("!"))
            listed = ", ".join(self.value(value) for value in values)
            if said.startswith("!"):
                none = "" if "" in values else f" OR {column} IS NULL"
                yield f"({column} NOT IN ({listed}){none})"
            elif not values:
                yield "FALSE"
            else:
                none = f" OR {column} IS NULL" if "" in values else ""
                yield f"({column} IN ({listed}){none})"

    def entered(self, model: Model, where: Filters) -> Iterator[str]:
        """Rows of contacts that have entered one of some workflows, or none of them."""
        for said in (ENTERED, f"!{ENTERED}"):
            if values := where.get(said):
                word = "NOT IN" if said.startswith("!") else "IN"
                yield (
                    f"m.{entity_column(model, 'contact')} {word} (SELECT r.contact_id FROM reporting.runs r "  # noqa: S608
                    f"WHERE r.workflow IN ({', '.join(map(self.value, values))}) AND r.contact_id IS NOT NULL)"
                )

    def bucket(self, grain: Grain | None, column: str) -> str:
        if grain is None:
            return "NULL::date"
        local = f"({column} AT TIME ZONE {self.value(self.zone)})"
        return f"date_trunc('{grain.value}', {local})::date"

    def rolling(self, rolling: Rolling, period: Period, by: Sequence[str], grain: Grain | None) -> str:
        """The leaf by day, added up over the days before the end of each span."""
        spans = list(period.buckets(grain)) if grain else [period.since]
        ends = [min(grain.next(span), period.until) if grain else period.until for span in spans]
        begins = [_begins(rolling, end) for end in ends]
        days = self.leaf(rolling.of, Period(min(begins), period.until), by, Grain.DAY)
        rows = ", ".join(
            f"({self.value(span) if grain else 'NULL'}::date, {self.since(begin)}::date, {self.value(end)}::date)"
            for span, begin, end in zip(spans, begins, ends, strict=True)
        )
        value = _of_one_currency("sum(d.value)::float8", "min(d.currency)", "max(d.currency)")
        return (
            f"SELECT g.bucket, d.by, {value}, min(d.currency) AS currency "  # noqa: S608
            f"FROM (VALUES {rows}) g (bucket, since, until) JOIN ({days}) d "
            f"ON d.bucket >= g.since AND d.bucket < g.until GROUP BY 1, 2"
        )

    def since(self, day: date) -> str:
        return "'-infinity'" if day == date.min else self.value(day)

    def given(self, journey: Journey, period: Period, by: Sequence[str], grain: Grain | None) -> str:
        if kept := rolled.journey(journey, by, self.ways or ()):
            source, where = self.way(*kept, period, by)
            return self.grouped(_way_value(journey), _day_bucket(grain), source, where, by)
        value = {
            "rate": "count(b.reached)::float8 / nullif(count(*), 0)",
            "count": "count(b.reached)",
            "days": "avg(extract(epoch FROM b.reached - b.at) / 86400)",
        }[journey.gives]
        way = self.journey(journey, period, by, grain)
        return (
            f"SELECT b.bucket, b.by, ({value})::float8 AS value, NULL AS currency "  # noqa: S608
            f"FROM ({way}) b GROUP BY 1, 2"
        )

    def journey(self, journey: Journey, period: Period, by: Sequence[str], grain: Grain | None) -> str:
        """A row an entity: when it first came to the base, and when first to the other within the days after."""
        base, to = MODELS[journey.base.view], MODELS[journey.to.view]
        source, where = self.source(base, journey.base, period, by)
        entity, other = entity_column(base, journey.entity), entity_column(to, journey.entity)
        began = (
            f"SELECT DISTINCT ON (m.{entity}) m.{entity} AS entity, m.{base.time} AS at, "  # noqa: S608
            f"{self.groups(by)} AS by, {self.bucket(grain, f'm.{base.time}')} AS bucket "
            f"FROM {source} WHERE {where} AND m.{entity} IS NOT NULL ORDER BY m.{entity}, m.{base.time}"
        )
        span = self.value(timedelta(days=journey.days))
        wider = Period(period.since, period.until + timedelta(days=journey.days + 1))
        after, reached = self.source(to, journey.to, wider, ())
        return (
            f"SELECT a.entity, a.at, a.by, a.bucket, min(z.at) AS reached FROM ({began}) a "  # noqa: S608
            f"LEFT JOIN (SELECT m.{other} AS entity, m.{to.time} AS at FROM {after} WHERE {reached}) z "
            f"ON z.entity = a.entity AND z.at >= a.at AND z.at < a.at + {span} "
            f"GROUP BY a.entity, a.at, a.by, a.bucket"
        )


def _way_value(journey: Journey) -> str:
    there = f"FILTER (WHERE m.passed_days < {journey.days})"
    return {
        "rate": f"coalesce(sum(m.count) {there}, 0)::float8 / nullif(sum(m.count), 0)",
        "count": f"coalesce(sum(m.count) {there}, 0)",
        "days": f"(sum(m.microseconds) {there})::float8 / nullif(sum(m.count) {there}, 0) / 86400000000",
    }[journey.gives]


def _entity(name: str) -> str:
    """The entity that a dimension is of; empty: it is the view's own."""
    return name.removeprefix("!").partition(".")[0] if "." in name else ""


def _column(name: str) -> str:
    entity, dot, own = name.partition(".")
    return f"j_{entity}.{own}" if dot else f"m.{entity}"


def _day_bucket(grain: Grain | None) -> str:
    if grain is None:
        return "NULL::date"
    return "m.day" if grain is Grain.DAY else f"date_trunc('{grain.value}', m.day)::date"


def _of_one_currency(value: str, least: str, most: str) -> str:
    """The value where the least and the greatest name of a currency are the same, also none; else no number."""
    return f"CASE WHEN {least} IS DISTINCT FROM {most} THEN 'NaN'::float8 ELSE {value} END AS value"


def _aggregate(aggregate: Aggregate, column: str) -> str:
    match aggregate:
        case Aggregate.COUNT:
            return "count(*)"
        case Aggregate.SUM:
            return f"coalesce(sum(m.{column}), 0)"
        case Aggregate.DISTINCT:
            return f"count(DISTINCT m.{column})"
        case Aggregate.MEDIAN:
            return f"percentile_cont(0.5) WITHIN GROUP (ORDER BY m.{column})"


def _begins(rolling: Rolling, end: date) -> date:
    """The first day that counts for what has come together before `end`."""
    last = end - timedelta(days=1)
    match rolling.since:
        case "month":
            return last.replace(day=1)
        case "quarter":
            return last.replace(month=last.month - (last.month - 1) % 3, day=1)
        case "year":
            return last.replace(month=1, day=1)
        case _:
            return end - timedelta(days=rolling.days) if rolling.days else date.min


def _arithmetic(node: ast.expr, made: dict[str, str]) -> str:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            under = _arithmetic(right, made)
            if isinstance(op, ast.Div):
                under = f"nullif({under}, 0)"
            return f"({_arithmetic(left, made)} {_SIGNS[type(op)]} {under})"
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"(- {_arithmetic(operand, made)})"
        case ast.Name(id=name):
            return made[name]
        case ast.Constant(value=value):
            return f"{float(value):f}::float8"  # type: ignore[arg-type]
        case _:
            raise ValueError(ast.dump(node))
