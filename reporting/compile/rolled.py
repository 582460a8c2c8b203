"""Which rollup holds a number as it is asked for: what is added up by day already need not be counted from facts.

Each function answers with None where only facts can tell, and a test holds both ways equal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import field

from martechops.lib.frozen import dataclass
from reporting.metrics import Journey, Leaf
from workflows.engine.metrics import Aggregate, Filters, measure_of

#: Dimensions of each rollup; those of the entity `campaign` and `workflow` are joined where it has that column.
DIMENSIONS: Mapping[str, frozenset[str]] = {
    "daily": frozenset({"campaign", "channel", "workflow"}),
    "daily_people": frozenset({"campaign", "channel"}),
    "daily_ways": frozenset({"campaign", "channel"}),
    "daily_deals": frozenset({"stage", "event", "currency", "campaign", "channel"}),
    "daily_deal_credits": frozenset({"model", "stage", "currency", "campaign", "channel"}),
}
#: From one stage to another.
Way = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Rolled:
    """Where a number stands added up."""

    view: str
    #: SQL over rows `m` of the view.
    value: str
    #: What of the filters is left to ask.
    where: Filters
    #: Rows of the view that hold it, by column.
    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    currency: str = ""
    #: Each row says on which day the same people were there before: who came twice in a time counts once.
    of_people: bool = False


def leaf(leaf: Leaf, by: Iterable[str]) -> Rolled | None:
    """Of a measure."""
    _, measure = measure_of(leaf.measure)
    if measure.figure:
        return _of_figures(leaf, by)
    if measure.people:
        return _of_people(leaf, by)
    if measure.rollup and _fits(measure.rollup, leaf.where, by):
        view, column = measure.rollup, measure.rolled
        return Rolled(view, f"sum(m.{column})", leaf.where, currency=measure.currency)
    return None


def journey(journey: Journey, by: Iterable[str], known: Iterable[Way]) -> tuple[Way, Filters] | None:
    """The way from stage to stage that holds it, and what of the filters is left to ask."""
    base, to = _arrival(journey.base), _arrival(journey.to)
    if not base or not to or journey.entity != "contact" or set(journey.to.where) != {"to_stage"}:
        return None
    way = (base, to)
    left = _without(journey.base.where, "to_stage")
    return (way, left) if way in set(known) and _fits("daily_ways", left, by) else None


def _arrival(leaf: Leaf) -> str:
    """The one stage that rows say somebody came to; empty: they say something else."""
    stages = leaf.where.get("to_stage", ())
    return stages[0] if leaf.view == "stage_changes" and len(stages) == 1 else ""


def _of_figures(leaf: Leaf, by: Iterable[str]) -> Rolled | None:
    _, measure = measure_of(leaf.measure)
    said, _, rest = measure.figure.partition("{")
    own = rest.removesuffix("}")
    left = _without(leaf.where, own)
    values = leaf.where.get(own, measure.figure_values) if own else ("",)
    if own in by or not values or not _fits("daily", left, by):
        return None
    counted = "sum(m.value)" if measure.aggregate is Aggregate.SUM else "sum(m.count)"
    if measure.figure_unit != 1:
        counted = f"(sum(m.value) / {measure.figure_unit})"
    return Rolled("daily", counted, left, {"figure": tuple(said + value for value in values)})


def _of_people(leaf: Leaf, by: Iterable[str]) -> Rolled | None:
    """Different people who came to one thing; those of two things together nobody can add up."""
    _, measure = measure_of(leaf.measure)
    said, _, rest = measure.people.partition("{")
    own = rest.removesuffix("}")
    left, values = _without(leaf.where, own), leaf.where.get(own, ())
    if own in by or len(values) != 1 or not _fits("daily_people", left, by):
        return None
    return Rolled("daily_people", "sum(m.count)", left, {"figure": (said + values[0],)}, of_people=True)


def _without(where: Filters, own: str) -> Filters:
    return {name: values for name, values in where.items() if name != own}


def _fits(view: str, where: Filters, by: Iterable[str]) -> bool:
    """Whether its rows can be told apart by all of these."""
    names = {*by, *(name.removeprefix("!") for name in where)}
    return all(name.partition(".")[0] in DIMENSIONS[view] & {"campaign", "workflow"} if "." in name
               else name in DIMENSIONS[view] for name in names)  # fmt: skip
