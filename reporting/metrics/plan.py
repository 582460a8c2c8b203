"""The way from a question to its number: leaves are rows counted, what is above them is arithmetic.

>>> from datetime import date
>>> from workflows.engine.metrics import read
>>> catalog = {
...     "leads": read("simple", {"measure": "leads"}),
...     "sales": read("simple", {"measure": "conversions", "where": {"goal": "sale"}}),
...     "rate": read("ratio", {"numerator": "sales", "denominator": "leads"}),
... }
>>> asked = Question("rate", Period(date(2026, 11, 1), date(2026, 11, 8)), by=("campaign",))
>>> [leaf.measure for leaf in leaves(make(asked, catalog).root)]
['conversions', 'leads']
>>> make(Question("rate", asked.period, by=("goal",)), catalog)
Traceback (most recent call last):
    ...
reporting.metrics.question.BadQuestion: contacts, which rate is counted from, cannot be told apart by goal; known ...
"""

import ast
import math
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from martechops.lib.frozen import dataclass
from workflows.engine import metrics as definitions
from workflows.engine.metrics import Conversion, Cumulative, Definition, Derived, Filters, Part, Ratio, Simple

from .period import Period
from .question import BadQuestion, Question

#: Metrics within metrics; a circle comes to its end here.
DEEPEST = 8
#: Counts that one number may be put together of. Metrics of eight others each, eight deep, would be millions.
MOST_COUNTS = 64


@dataclass(frozen=True, slots=True)
class Leaf:
    """Rows of one view, measured."""

    view: str
    measure: str
    where: Filters


@dataclass(frozen=True, slots=True)
class Fraction:
    """One over the other; nothing where that is zero."""

    over: "Node"
    under: "Node"


@dataclass(frozen=True, slots=True)
class Formula:
    """Arithmetic over named nodes."""

    expression: str
    parts: tuple[tuple[str, "Node"], ...]


@dataclass(frozen=True, slots=True)
class Rolling:
    """A leaf, of all that came together by the end of each span."""

    of: Leaf
    days: int
    since: str


@dataclass(frozen=True, slots=True)
class Journey:
    """From a first thing that happens for an entity to another within some days."""

    entity: str
    base: Leaf
    to: Leaf
    days: int
    gives: str


Node: TypeAlias = Leaf | Fraction | Formula | Rolling | Journey


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked, and how it is counted."""

    question: Question
    root: Node
    #: Every metric that the number rests on, itself first.
    rests_on: tuple[str, ...]

    @property
    def of_nothing(self) -> float | None:
        """What it comes to where nothing happened: of nobody a count is zero and a median unknown."""
        found = _of_nothing(self.root)
        return found if found is not None and math.isfinite(found) else None

    def over(self, period: Period) -> "Plan":
        """The same about another time."""
        asked = self.question
        return Plan(Question(asked.metric, period, asked.grain, asked.by, asked.where), self.root, self.rests_on)


def make(question: Question, catalog: Mapping[str, Definition]) -> Plan:
    """Raises `BadQuestion`, also for a definition that cannot be followed to its end."""
    question.check()
    planner = _Planner(question, catalog)
    root = planner.metric(question.metric, ())
    return Plan(question, root, tuple(planner.seen))


def leaves(node: Node) -> Iterator[Leaf]:
    """From left to right. Of a journey both ends."""
    match node:
        case Leaf():
            yield node
        case Fraction(over=over, under=under):
            yield from leaves(over)
            yield from leaves(under)
        case Formula(parts=parts):
            for _, part in parts:
                yield from leaves(part)
        case Rolling(of=leaf):
            yield leaf
        case Journey(base=base, to=to):
            yield from (base, to)


def _of_nothing(node: Node) -> float | None:
    match node:
        case Leaf(measure=measure):
            is_sum = definitions.measure_of(measure)[1].aggregate is not definitions.Aggregate.MEDIAN
            return 0.0 if is_sum else None
        case Rolling():
            return 0.0
        case Journey(gives=gives):
            return 0.0 if gives == "count" else None
        case Fraction():
            return None
        case Formula(expression=expression, parts=parts):
            return _computed(ast.parse(expression, mode="eval").body, {name: _of_nothing(part) for name, part in parts})


def _computed(node: ast.expr, values: Mapping[str, float | None]) -> float | None:
    """Arithmetic as the database does it: what is unknown makes all unknown, and so does a division by zero."""
    match node:
        case ast.Name(id=name):
            return values[name]
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.UnaryOp(operand=operand):
            known = _computed(operand, values)
            return None if known is None else -known
        case ast.BinOp(left=left, op=op, right=right):
            one, other = _computed(left, values), _computed(right, values)
            if one is None or other is None:
                return None
            match op:
                case ast.Add():
                    return one + other
                case ast.Sub():
                    return one - other
                case ast.Mult():
                    return one * other
                case _:
                    return one / other if other else None
    raise ValueError(ast.dump(node))


class _Planner:
    def __init__(self, question: Question, catalog: Mapping[str, Definition]) -> None:
        self.question, self.catalog = question, catalog
        self.seen: dict[str, None] = {}
        self.counts = 0

    def metric(self, key: str, within: tuple[str, ...]) -> Node:
        if key not in self.catalog:
            raise BadQuestion("metric", f"There is no metric {key}.")
        if key in within or len(within) >= DEEPEST:
            raise BadQuestion("metric", f"{within[0]} leads back to {key}: it has to be defined by others.")
        self.seen[key] = None
        within = (*within, key)
        match self.catalog[key]:
            case Simple() as simple:
                return self.leaf(simple)
            case Ratio(numerator=numerator, denominator=denominator):
                return Fraction(self.part(numerator, within), self.part(denominator, within))
            case Derived(expression=expression, parts=parts):
                return Formula(expression, tuple((name, self.part(part, within)) for name, part in parts.items()))
            case Cumulative(of=of, days=days, since=since):
                node = self.part(of, within)
                if not isinstance(node, Leaf) or not _adds_up(node):
                    raise BadQuestion("metric", f"{key} can only add up plain counts and sums.")
                return Rolling(node, days, since)
            case Conversion(entity=entity, base=base, to=to, days=days, gives=gives):
                return Journey(entity, self.leaf(base), _leaf(to), days, gives)

    def part(self, part: Part, within: tuple[str, ...]) -> Node:
        return self.leaf(part) if isinstance(part, Simple) else self.metric(part, within)

    def leaf(self, simple: Simple) -> Leaf:
        """With what the question lets through, which its rows have to be able to tell."""
        leaf = _leaf(simple)
        self.counts += 1
        if self.counts > MOST_COUNTS:
            raise BadQuestion(
                "metric",
                f"{self.question.metric} is put together of more than {MOST_COUNTS} counts: define it by fewer.",
            )
        for name in self.question.by:
            self.can_tell(leaf, name, "by")
        for name, values in self.question.where.items():
            model = self.can_tell(leaf, name.removeprefix("!"), "where")
            for says in definitions.unfit_values(model, name.removeprefix("!"), values):
                raise BadQuestion("where", f"{name.removeprefix('!')}: {says}.")
        return Leaf(leaf.view, leaf.measure, _both(leaf.where, self.question.where))

    def can_tell(self, leaf: Leaf, name: str, part: str) -> definitions.Model:
        model = definitions.MODELS[leaf.view]
        find = definitions.filter_of if part == "where" else definitions.dimension_of
        if find(model, name) is None:
            known = ", ".join(definitions.dimensions_of(model))
            by = f"{leaf.view}, which {self.question.metric} is counted from, cannot be told apart by {name}"
            raise BadQuestion(part, f"{by}; known are {known}.")
        return model


def _leaf(simple: Simple) -> Leaf:
    model, _ = definitions.measure_of(simple.measure)
    return Leaf(model.view, simple.measure, simple.where)


def _adds_up(leaf: Leaf) -> bool:
    return definitions.measure_of(leaf.measure)[1].aggregate.is_additive


def _both(one: Filters, other: Filters) -> Filters:
    """What both let through; a dimension that both name is let through where it is in both."""
    made = dict(one)
    for name, values in other.items():
        if name in made and not name.startswith("!"):
            made[name] = tuple(value for value in made[name] if value in values)
        else:
            made[name] = (*made.get(name, ()), *values)
    return made
