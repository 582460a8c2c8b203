"""Reading the formula of a metric: five types, as semantic layers have them.

>>> read("simple", {"measure": "stage_contacts", "where": {"to_stage": "mql"}}).where
{'to_stage': ('mql',)}
>>> read("ratio", {"numerator": "conversions", "denominator": {"measure": "leads"}}).numerator
'conversions'
>>> read("derived", {"expression": "cost / leads", "metrics": {"cost": "cost", "leads": "leads"}}).names
('cost', 'leads')
>>> read("simple", {"measure": "happiness"})
Traceback (most recent call last):
    ...
workflows.engine.metrics.definition.BadMetric: measure: there is no happiness
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from martechops.lib.frozen import dataclass

from .model import Model
from .semantics import PRIMARY, dimension_of, entity_column, measure_of, measures

#: Values that are let through, by dimension; what begins with `!` in the key is kept out.
Filters: TypeAlias = Mapping[str, tuple[str, ...]]

TYPES = ("simple", "ratio", "derived", "cumulative", "conversion")
#: Calendar spans that a cumulative metric counts from the beginning of.
CALENDAR = ("month", "quarter", "year")
#: What a conversion metric says of those who began: the share that got there, how many, and in how many days.
GIVES = ("rate", "count", "days")
MOST_DAYS = 3_660
MOST_NAMES = 8
LONGEST_VALUE, LONGEST_EXPRESSION = 200, 300
_DAYS = re.compile(r"([1-9][0-9]{0,3}) days?")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KEY = re.compile(r"[-a-zA-Z0-9_]{1,50}")
_OPERATIONS = (ast.Add, ast.Sub, ast.Mult, ast.Div)


class BadMetric(ValueError):
    """The formula cannot be used: `problems` says where and why."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{path}: {says}" for path, says in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Simple:
    """A measure, of rows that filters let through."""

    measure: str
    where: Filters


#: A metric of its own by its key, or a measure on the spot.
Part: TypeAlias = str | Simple


@dataclass(frozen=True, slots=True)
class Ratio:
    """One for each of another; nothing where there is none of the other."""

    numerator: Part
    denominator: Part


@dataclass(frozen=True, slots=True)
class Derived:
    """Arithmetic over others."""

    expression: str
    parts: Mapping[str, Part]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.parts)


@dataclass(frozen=True, slots=True)
class Cumulative:
    """What has come together by the end of each span."""

    of: Part
    #: Counted from so many days back; 0 with no calendar span: from the very beginning.
    days: int = 0
    #: Or from the first day of the month, quarter or year.
    since: str = ""


@dataclass(frozen=True, slots=True)
class Conversion:
    """Of those for whom something happened, who came to another thing within a time, counted by when they began."""

    entity: str
    base: Simple
    to: Simple
    days: int
    gives: str = "rate"


Definition: TypeAlias = Simple | Ratio | Derived | Cumulative | Conversion


def read(type: str, formula: object) -> Definition:
    """Raises `BadMetric` with everything that is wrong."""
    reader = _Reader()
    said = reader.mapping("", formula)
    readers: Mapping[str, Callable[[Mapping[str, Any], str], Definition]] = {
        "simple": reader.simple,
        "ratio": reader.ratio,
        "derived": reader.derived,
        "cumulative": reader.cumulative,
        "conversion": reader.conversion,
    }
    if type not in readers:
        raise BadMetric([("type", f"one of {', '.join(TYPES)}")])
    definition = readers[type](said, "")
    if reader.problems:
        raise BadMetric(reader.problems)
    return definition


def parts_of(definition: Definition) -> tuple[tuple[str, Part], ...]:
    """What it is made of, by where that stands in the formula."""
    match definition:
        case Ratio(numerator=numerator, denominator=denominator):
            return ("numerator", numerator), ("denominator", denominator)
        case Derived(parts=parts):
            return tuple((f"metrics.{name}", part) for name, part in parts.items())
        case Cumulative(of=part):
            return (("of", part),)
        case Conversion(base=base, to=to):
            return ("base", base), ("to", to)
        case Simple():
            return (("", definition),)


def named_by(definition: Definition) -> Iterator[tuple[str, str]]:
    """Other metrics, each with where it is named."""
    for place, part in parts_of(definition):
        if isinstance(part, str):
            yield place, part


class _Reader:
    """Notes every problem and goes on."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, str]] = []

    def mapping(self, place: str, said: object, *known: str) -> Mapping[str, Any]:
        if not isinstance(said, Mapping) or not all(isinstance(name, str) for name in said):
            self.problems.append((place or "formula", "an object"))
            return {}
        for name in said:
            if known and name not in known:
                self.problems.append((_below(place, name), f"not known here; known are {', '.join(known)}"))
        return said

    def simple(self, said: Mapping[str, Any], place: str) -> Simple:
        self.mapping(place, said, "measure", "where")
        name = str(said.get("measure", ""))
        try:
            model, _ = measure_of(name)
        except KeyError:
            self.problems.append((_below(place, "measure"), f"there is no {name}" if name else "is missing"))
            return Simple(name, {})
        return Simple(name, self.where(said.get("where", {}), model, _below(place, "where")))

    def where(self, said: object, model: Model, place: str) -> Filters:
        made: dict[str, tuple[str, ...]] = {}
        for name, wanted in self.mapping(place, said).items():
            at = _below(place, name)
            if dimension_of(model, name) is None:
                self.problems.append((at, f"{model.view} cannot be told apart by it"))
                continue
            excludes = isinstance(wanted, Mapping) and set(wanted) == {"$nin"}
            values = self.values(wanted, at)
            self.problems += [(at, says) for says in unfit_values(model, name, values)]
            made[f"!{name}" if excludes else name] = values
        return made

    def values(self, wanted: object, place: str) -> tuple[str, ...]:
        if isinstance(wanted, Mapping):
            listed = wanted.get("$in", wanted.get("$nin")) if len(wanted) == 1 else None
            if not isinstance(listed, list) or not listed:
                self.problems.append((place, "a value, or {$in: [...]}, or {$nin: [...]}"))
                return ()
            return tuple(value for one in listed for value in self.values(one, place))
        if isinstance(wanted, bool):
            return ("true" if wanted else "false",)
        if not isinstance(wanted, str):
            self.problems.append((place, "a text, or true or false"))
            return ()
        return (wanted,)

    def part(self, said: object, place: str) -> Part:
        if isinstance(said, Mapping):
            return self.simple(said, place)
        if not isinstance(said, str) or not _KEY.fullmatch(said):
            self.problems.append((place, "the key of a metric, or a measure"))
            return ""
        return said

    def ratio(self, said: Mapping[str, Any], place: str) -> Ratio:
        self.mapping(place, said, "numerator", "denominator")
        return Ratio(self.part(said.get("numerator"), "numerator"), self.part(said.get("denominator"), "denominator"))

    def derived(self, said: Mapping[str, Any], place: str) -> Derived:
        self.mapping(place, said, "expression", "metrics")
        parts: dict[str, Part] = {}
        for name, part in self.mapping("metrics", said.get("metrics")).items():
            if not _NAME.fullmatch(name):
                self.problems.append((f"metrics.{name}", "lower-case letters, digits and _, beginning with a letter"))
            parts[name] = self.part(part, f"metrics.{name}")
        if len(parts) > MOST_NAMES:
            self.problems.append(("metrics", f"{MOST_NAMES} at most"))
        expression = said.get("expression")
        if not isinstance(expression, str):
            self.problems.append(("expression", "such as cost / leads"))
            return Derived("0", parts)
        self.problems += [("expression", says) for says in _unfit(expression, parts)]
        return Derived(expression, parts)

    def cumulative(self, said: Mapping[str, Any], place: str) -> Cumulative:
        self.mapping(place, said, "of", "window", "since")
        of = self.part(said.get("of"), "of")
        if isinstance(of, Simple) and of.measure and not self.is_additive(of.measure):
            self.problems.append(("of", "different ones cannot be added up from day to day"))
        since = str(said.get("since", ""))
        if since and since not in CALENDAR:
            self.problems.append(("since", f"one of {', '.join(CALENDAR)}"))
        if since and "window" in said:
            self.problems.append(("window", "either a window or a calendar span"))
        return Cumulative(of, self.days(said["window"], "window") if "window" in said else 0, since)

    def is_additive(self, measure: str) -> bool:
        try:
            return measure_of(measure)[1].aggregate.is_additive
        except KeyError:
            return True  # said already

    def conversion(self, said: Mapping[str, Any], place: str) -> Conversion:
        self.mapping(place, said, "entity", "base", "to", "window", "gives")
        entity = str(said.get("entity", "contact"))
        base = self.simple(self.mapping("base", said.get("base")), "base")
        to = self.simple(self.mapping("to", said.get("to")), "to")
        for name, one in (("base", base), ("to", to)):
            if one.measure in measures() and entity_column(measure_of(one.measure)[0], entity) is None:
                self.problems.append((name, f"its rows are about no {entity}"))
        if entity not in PRIMARY:
            self.problems.append(("entity", f"one of {', '.join(PRIMARY)}"))
        gives = said.get("gives", "rate")
        if gives not in GIVES:
            self.problems.append(("gives", f"one of {', '.join(GIVES)}"))
        return Conversion(entity, base, to, self.days(said.get("window"), "window"), str(gives))

    def days(self, said: object, place: str) -> int:
        found = _DAYS.fullmatch(said) if isinstance(said, str) else None
        if found is None or int(found[1]) > MOST_DAYS:
            self.problems.append((place, "days, such as 30 days"))
            return 1
        return int(found[1])


def unfit_values(model: Model, name: str, values: Iterable[str]) -> Iterator[str]:
    """Why a dimension cannot have these."""
    dimension = dimension_of(model, name)
    for value in values:
        if dimension and dimension.of == "boolean" and value not in ("true", "false"):
            yield "true or false"
        if len(value) > LONGEST_VALUE or "\0" in value:
            yield f"texts of at most {LONGEST_VALUE} characters"


def _unfit(expression: str, parts: Mapping[str, Part]) -> Iterator[str]:
    """Why an expression is no arithmetic over these names."""
    if len(expression) > LONGEST_EXPRESSION:
        yield f"{LONGEST_EXPRESSION} characters at most: give parts of it a name of their own"
        return
    try:
        tree = ast.parse(expression, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield "cannot be read: numbers and names with + - * / and brackets"
        return
    used = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name):
                used.add(name)
                if name not in parts:
                    yield f"{name} is not among the metrics"
            case ast.Constant(value=value):
                if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e9:
                    yield "only plain numbers"
            case ast.Expression() | ast.BinOp() | ast.UnaryOp() | ast.Load() | ast.USub():
                pass
            case _ if isinstance(node, _OPERATIONS):
                pass
            case _:
                yield "numbers and names with + - * / and brackets, nothing else"
    for name in parts:
        if name not in used:
            yield f"{name} is not used"


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
