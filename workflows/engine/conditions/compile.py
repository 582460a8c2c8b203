"""A document made into a test, with every problem said at once, and its explanation."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import Any

import re2

from martechops.lib.frozen import dataclass

from . import relative
from .limits import objections
from .operators import OPERATORS, ConditionError, Operator, shown
from .places import Facts, reader, value_at
from .spelling import did_you_mean
from .words import SEGMENT, comparison_words

Test = Callable[[Facts], bool]
#: What each segment asks for, by its key.
Segments = Mapping[str, Any]

MOST_SEGMENTS = 100
CIRCLE = "segments that ask for each other: "

#: The name under which a rule for the items of a list, or for their number, sees the one at hand.
ITEM = "item"


class BadCondition(Exception):
    """The rule cannot be saved; `problems` lists every place with what is wrong there."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{path}: {says}" for path, says in problems))


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison and how it came out."""

    path: str
    operator: str
    wanted: Any
    #: None where the value is missing.
    actual: Any
    passed: bool
    #: For a segment: what it asks for itself, in the order written.
    inner: tuple["Check", ...] = ()

    def says(self) -> str:
        """The comparison in words, with the value that decided it."""
        claim = comparison_words(self.path, self.operator, self.wanted, name=str)
        answer = f"{claim}: {'yes' if self.passed else 'no'}"
        if self.path == SEGMENT:
            return f"{answer} ({'; '.join(check.says() for check in self.inner)})" if self.inner else answer
        return f"{answer}, {'it is missing' if self.actual is None else f'it is {shown(self.actual)}'}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One operator at one path, or one segment, wherever in the rule it stands."""

    path: str
    operator: str
    wanted: Any
    test: Test
    #: For a segment: the comparisons of its own rule.
    inner: tuple["Comparison", ...] = ()

    def check(self, facts: Facts) -> Check:
        """How it comes out; one without an answer has not passed."""
        try:
            passed = self.test(facts)
        except ConditionError:
            passed = False
        if self.path == SEGMENT:
            inner = tuple([comparison.check(facts) for comparison in self.inner])
            return Check(SEGMENT, self.operator, self.wanted, actual=passed, passed=passed, inner=inner)
        actual = value_at(facts, self.path)
        return Check(path=self.path, operator=self.operator, wanted=self.wanted, actual=actual, passed=passed)

    def every(self) -> Iterator["Comparison"]:
        """Itself and, behind it, what its segment compares."""
        yield self
        for comparison in self.inner:
            yield from comparison.every()


@dataclass(frozen=True, slots=True)
class Condition:
    """A rule ready for use."""

    document: Mapping[str, Any]
    #: Does it hold? Raises `ConditionError`. Relative dates count from the fact `now`.
    test: Test
    #: In the order written.
    comparisons: tuple[Comparison, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that it reads, through segments too."""
        return tuple(dict.fromkeys(one.path for one in self._every() if one.path != SEGMENT))

    @property
    def segments(self) -> tuple[str, ...]:
        """The key of every segment that it asks for, and of those that these ask for."""
        return tuple(dict.fromkeys(str(one.wanted) for one in self._every() if one.path == SEGMENT))

    def explain(self, facts: Facts) -> tuple[Check, ...]:
        """Each comparison with the value it saw, whether or not it decided."""
        return tuple([comparison.check(facts) for comparison in self.comparisons])

    def _every(self) -> Iterator[Comparison]:
        for comparison in self.comparisons:
            yield from comparison.every()


@dataclass(slots=True)
class _Reading:
    """What is found on the way through a document."""

    #: None: nobody looked them up, so that a rule may name any, and none can be answered.
    segments: Segments | None = None
    #: The segments that it is inside of, from the outermost.
    within: tuple[str, ...] = ()
    #: Every segment met so far, as often as it was: one that asks for many that ask for many is a slip.
    built_in: list[str] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)

    def refuse(self, at: str, says: str) -> Test:
        self.problems.append((at, says))
        return _never


def compile_condition(document: Any, *, segments: Segments | None = None) -> Condition:
    """Ready for use, with the rules of the segments that it names built in. Raises `BadCondition` with every problem.

    `segments` are all that there are, so that an unknown one and a circle are refused. Without them a rule may name
    any segment, as when it is shown only; to test it then is a `ConditionError`.

    >>> hot = {"hot-leads": {"contact.score": {"$gte": 50}}}
    >>> compile_condition({"segment": "hot-leads"}, segments=hot).test({"contact": {"score": 62}})
    True
    """
    if found := list(objections(document)):
        raise BadCondition(found)
    reading = _Reading(segments=segments)
    test = _all(document, "", reading)
    if reading.problems:
        raise BadCondition(reading.problems)
    return Condition(document=document, test=test, comparisons=tuple(reading.comparisons))


def operations(wanted: Any) -> list[tuple[str, Any]]:
    """What a path is compared by: operators with their values; a bare value is `$eq`.

    >>> operations({"$gte": 5, "$lt": 9}), operations("DE")
    ([('$gte', 5), ('$lt', 9)], [('$eq', 'DE')])
    """
    if isinstance(wanted, Mapping) and any(str(key).startswith("$") for key in wanted):
        return list(wanted.items())
    return [("$eq", wanted)]


def is_operators(wanted: Any) -> bool:
    """A document of operators only, such as `{$gte: 5}`."""
    return isinstance(wanted, Mapping) and bool(wanted) and all(str(key).startswith("$") for key in wanted)


def _never(_facts: Facts) -> bool:
    return False


def _every(tests: Sequence[Test]) -> Test:
    """Every part is asked, with no short cut: an error in any of them is an error of the whole."""
    if len(tests) == 1:
        return tests[0]
    return lambda facts: sum(test(facts) for test in tests) == len(tests)


def _some(tests: Sequence[Test]) -> Test:
    return lambda facts: sum(test(facts) for test in tests) > 0


def _none(tests: Sequence[Test]) -> Test:
    return lambda facts: sum(test(facts) for test in tests) == 0


#: Read as paths they would be missing for everybody, and the rule a silent "no".
_MISSPELT = frozenset({"contact.segment", "segments", "contact.segments"})

#: Groups of rules. `$not` takes one rule or, behind a path, operators.
GROUPS: Mapping[str, Callable[[Sequence[Test]], Test]] = {"$and": _every, "$or": _some, "$nor": _none}


def _all(document: Any, at: str, reading: _Reading) -> Test:
    if not isinstance(document, Mapping) or not document:
        return reading.refuse(at or "rule", "must be a document such as {contact.score: {$gte: 50}}")
    return _every([_part(name, wanted, at, reading) for name, wanted in document.items()])


def _part(name: Any, wanted: Any, at: str, reading: _Reading) -> Test:
    here = f"{at}.{name}" if at else str(name)
    if name in GROUPS:
        if not isinstance(wanted, list) or not wanted:
            return reading.refuse(here, "takes a list of rules")
        return GROUPS[name]([_all(part, f"{here}[{i}]", reading) for i, part in enumerate(wanted)])
    if name == "$not":
        return _none([_all(wanted, here, reading)])
    if not isinstance(name, str) or name.startswith("$"):
        return reading.refuse(here, f"operator {name} is not offered here; groups are $and, $or, $nor and $not")
    if name == SEGMENT:
        return _segment(wanted, here, reading)
    if name in _MISSPELT:
        return reading.refuse(here, "a segment is asked for as {segment: key}")
    return _comparisons(name, wanted, here, reading)


def _segment(key: Any, at: str, reading: _Reading) -> Test:
    """The segment's rule in its place; what is wrong with that rule is said at the place that names it."""
    if not isinstance(key, str) or not key:
        return reading.refuse(at, "takes the key of one segment; ask for several with $or")
    if key in reading.within:
        circle = (*reading.within[reading.within.index(key) :], key)
        return reading.refuse(at, f"{CIRCLE}{' → '.join(circle)}")
    if reading.segments is None:
        reading.comparisons.append(Comparison(SEGMENT, "$eq", key, _unanswered(key)))
        return _unanswered(key)
    if key not in reading.segments:
        return reading.refuse(at, f"there is no segment {key}{did_you_mean(key, reading.segments)}")
    test, inner = _built_in(key, at, reading, reading.segments[key])
    reading.comparisons.append(Comparison(SEGMENT, "$eq", key, test, inner=inner))
    return test


def _built_in(key: str, at: str, reading: _Reading, rule: Any) -> tuple[Test, tuple[Comparison, ...]]:
    reading.built_in.append(key)
    inner = replace(reading, within=(*reading.within, key), problems=list(objections(rule)), comparisons=[])
    if len(reading.built_in) > MOST_SEGMENTS:
        inner.problems.append((at, f"more than {MOST_SEGMENTS} segments stand behind this rule"))
    test = _never if inner.problems else _all(rule, "", inner)
    for place, says in inner.problems[:1]:
        reading.refuse(at, says if says.startswith(CIRCLE) else f"segment {key} cannot be used: {place}: {says}")
    return test, tuple(inner.comparisons)


def _unanswered(key: str) -> Test:
    def test(_facts: Facts) -> bool:
        raise ConditionError(f"what segment {key} asks for cannot be looked up")

    return test


def _comparisons(path: str, wanted: Any, at: str, reading: _Reading) -> Test:
    return _every([_comparison(path, operator, value, at, reading) for operator, value in operations(wanted)])


def _comparison(path: str, operator: str, wanted: Any, at: str, reading: _Reading) -> Test:
    if operator == "$not":
        if not is_operators(wanted):
            return reading.refuse(at, "$not takes operators here, such as {$not: {$regex: ^test}}")
        return _none([_comparisons(path, wanted, at, reading)])
    row = OPERATORS.get(operator)
    if row is None:
        return reading.refuse(at, f"operator {operator} is not offered; there are {', '.join(OPERATORS)}")
    problem = _SHAPES[row.takes](operator, wanted)
    if problem:
        return reading.refuse(at, problem)
    test = _answer(path, row, _prepared(row, wanted, at, reading))
    reading.comparisons.append(Comparison(path=path, operator=operator, wanted=wanted, test=test))
    return test


def _prepared(row: Operator, wanted: Any, at: str, reading: _Reading) -> Callable[[Any, Facts], bool]:
    """(actual, facts) → does it hold: what is compared with made ready once."""
    check = row.test
    away = relative.distance(wanted) if row.words_date else None
    if away:
        return lambda actual, facts: check(*_moved(actual, away, facts))
    if row.takes == "rule" or (row.takes == "count" and isinstance(wanted, Mapping)):
        rule = _items_rule(wanted, at, reading)
        return lambda actual, facts: check(actual, lambda item: rule(item, facts))
    if row.takes == "count":
        return lambda actual, _facts: check(actual, lambda count: count == wanted)
    return lambda actual, _facts: check(actual, wanted)


def _answer(path: str, row: Operator, check: Callable[[Any, Facts], bool]) -> Test:
    on_missing, read = row.on_missing, reader(path)

    def test(facts: Facts) -> bool:
        actual = read(facts)
        if actual is None and on_missing is not None:
            return on_missing
        try:
            return check(actual, facts)
        except ConditionError as error:
            raise ConditionError(f"{path}: {error}") from None

    return test


def _items_rule(wanted: Mapping[str, Any], at: str, reading: _Reading) -> Callable[[Any, Facts], bool]:
    """A rule asked of one item: by operators if it is a value, by its own paths if it is a document."""
    within = _Reading(segments={}, problems=reading.problems)
    if is_operators(wanted):
        of_value = _comparisons(ITEM, wanted, at, within)
        return lambda item, facts: of_value({ITEM: item, "now": facts.get("now")})
    of_document = _all(wanted, at, within)
    return lambda item, facts: of_document({**item, "now": facts.get("now")} if isinstance(item, Mapping) else {})


def _moved(actual: Any, away: relative.Distance, facts: Facts) -> tuple[str, str]:
    now = facts.get("now")
    if not isinstance(now, datetime):
        raise ConditionError("nobody said what time it is")
    try:
        return relative.comparable(actual, limit=away.instant(now))
    except relative.NotADate:
        raise ConditionError(f"{shown(actual)} is not a date") from None


def _value_problem(operator: str, value: Any) -> str | None:
    if value is None:
        return "compares with nothing; ask {$exists: false} for a missing value"
    if relative.distance(value):
        return f"{operator} takes no distance from now; $gt, $gte, $lt and $lte do"
    return None


def _one_problem(operator: str, value: Any) -> str | None:
    if value is None:
        return "compares with nothing; ask {$exists: false} for a missing value"
    if isinstance(value, Mapping) and set(value) & set(relative.UNITS):
        problem = f"a distance from now is one of {', '.join(relative.UNITS)}, up to {relative.LARGEST}"
        return None if relative.distance(value) else problem
    return f"{operator} takes one value" if isinstance(value, Mapping | list) else None


def _many_problem(operator: str, value: Any) -> str | None:
    if not isinstance(value, list) or not value:
        return f"{operator} takes a list of values"
    if any(item is None or isinstance(item, Mapping | list) for item in value):
        return f"{operator} takes a list of single values"
    return None


def _text_problem(operator: str, value: Any) -> str | None:
    if operator == "$regex":
        return _regex_problem(value)
    if operator == "$contains" and isinstance(value, int | float):
        return None  # an item of a list
    return None if isinstance(value, str) and value else f"{operator} takes text"


def _yes_no_problem(operator: str, value: Any) -> str | None:
    return None if isinstance(value, bool) else f"{operator} takes true or false"


def _rule_problem(operator: str, value: Any) -> str | None:
    return None if isinstance(value, Mapping) and value else f"{operator} takes a rule for the items of a list"


def _count_problem(operator: str, value: Any) -> str | None:
    if is_operators(value):
        return None
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return None if is_count else f"{operator} takes a number of items"


def _regex_problem(value: Any) -> str | None:
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(value, options)
    except (re2.error, TypeError) as error:
        return f"$regex: is no regular expression that RE2 knows: {error}"
    return None


_SHAPES: Mapping[str, Callable[[str, Any], str | None]] = {
    "value": _value_problem,
    "one": _one_problem,
    "many": _many_problem,
    "text": _text_problem,
    "yes_no": _yes_no_problem,
    "rule": _rule_problem,
    "count": _count_problem,
}
