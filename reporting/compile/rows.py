"""Which rows a number is counted of: views with what is joined to them, filters, days, spans and groups.

Identifiers come from the closed table of `workflows.engine.metrics` alone; whatever a person chose is a parameter.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from reporting.metrics import Grain, Leaf, Period
from workflows.engine.metrics import ENTERED, Filters, Model, entity_column
from workflows.engine.metrics.semantics import PRIMARY

from .rolled import Rolled, Way

#: Entities that rollups have a column for.
_ENTITIES = ("campaign", "workflow")


class Rows:
    """Collects the parameters of one statement."""

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
        return f"m.former_day < {since if grain is None else f'greatest({day_bucket(grain)}, {since})'}"

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

    def groups(self, by: Sequence[str]) -> str:
        chosen = ", ".join(f"coalesce({_column(name)}::text, '')" for name in by)
        return f"ARRAY[{chosen}]::text[]"

    def since(self, day: date) -> str:
        return "'-infinity'" if day == date.min else self.value(day)


def _entity(name: str) -> str:
    """The entity that a dimension is of; empty: it is the view's own."""
    return name.removeprefix("!").partition(".")[0] if "." in name else ""


def _column(name: str) -> str:
    entity, dot, own = name.partition(".")
    return f"j_{entity}.{own}" if dot else f"m.{entity}"


def day_bucket(grain: Grain | None) -> str:
    if grain is None:
        return "NULL::date"
    return "m.day" if grain is Grain.DAY else f"date_trunc('{grain.value}', m.day)::date"
