"""What rows come to: a measure, what has come together day by day, a way from one thing to another.

Each is a statement of its own, in rows of (bucket, by, value, currency). Amounts of several currencies are never added:
together they are no number, `NaN`.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from reporting.metrics import Grain, Journey, Leaf, Period, Rolling
from workflows.engine.metrics import MODELS, Aggregate, entity_column, measure_of

from . import rolled
from .rows import Rows, day_bucket


class Numbers(Rows):
    """Statements of single numbers."""

    def leaf(self, leaf: Leaf, period: Period, by: Sequence[str], grain: Grain | None) -> str:
        model, measure = measure_of(leaf.measure)
        if self.ways is not None and (kept := rolled.leaf(leaf, by)):
            source, where = self.kept(kept, period, by, grain)
            return self.grouped(kept.value, day_bucket(grain), source, where, by, kept.currency)
        source, where = self.source(model, leaf, period, by)
        bucket = self.bucket(grain, f"m.{model.time}")
        value = _aggregate(measure.aggregate, measure.column)
        if measure.currency:
            where += f" AND m.{measure.column} IS NOT NULL"
        return self.grouped(value, bucket, source, where, by, measure.currency)

    def grouped(self, value: str, bucket: str, source: str, where: str, by: Sequence[str], currency: str = "") -> str:
        value = f"({value})::float8"
        least = f"min(m.{currency})" if currency else "NULL"
        said = of_one_currency(value, least, f"max(m.{currency})") if currency else f"{value} AS value"
        return (
            f"SELECT {bucket} AS bucket, {self.groups(by)} AS by, {said}, {least}::text AS currency "  # noqa: S608
            f"FROM {source} WHERE {where} GROUP BY 1, 2"
        )

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
        value = of_one_currency("sum(d.value)::float8", "min(d.currency)", "max(d.currency)")
        return (
            f"SELECT g.bucket, d.by, {value}, min(d.currency) AS currency "  # noqa: S608
            f"FROM (VALUES {rows}) g (bucket, since, until) JOIN ({days}) d "
            f"ON d.bucket >= g.since AND d.bucket < g.until GROUP BY 1, 2"
        )

    def given(self, journey: Journey, period: Period, by: Sequence[str], grain: Grain | None) -> str:
        if kept := rolled.journey(journey, by, self.ways or ()):
            source, where = self.way(*kept, period, by)
            return self.grouped(_way_value(journey), day_bucket(grain), source, where, by)
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
        tie = f"m.{base.row}" if base.row else self.groups(by)
        began = (
            f"SELECT DISTINCT ON (m.{entity}) m.{entity} AS entity, m.{base.time} AS at, "  # noqa: S608
            f"{self.groups(by)} AS by, {self.bucket(grain, f'm.{base.time}')} AS bucket "
            f"FROM {source} WHERE {where} AND m.{entity} IS NOT NULL ORDER BY m.{entity}, m.{base.time}, {tie}"
        )
        # In hours: of days a session's own time zone would make 23 or 25.
        span = f"interval '{24 * journey.days} hours'"
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


def of_one_currency(value: str, least: str, most: str) -> str:
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
