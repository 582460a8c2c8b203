"""Rules as MongoDB-style documents (DESIGN section 4): compiled once, tested often, explained with the values.

>>> rule = compile_condition({"contact.score": {"$gte": 50}})
>>> rule.test({"contact": {"score": 62}})
True
>>> [check.says() for check in rule.explain({"contact": {"score": 12}})]
['contact.score is at least 50: no, it is 12']
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import re2

Facts = Mapping[str, Any]
Test = Callable[[Facts], bool]

NUMBERS = frozenset({"number", "date", "datetime"})
TEXTS = frozenset({"text", "email", "phone", "url"})
ALL = NUMBERS | TEXTS | frozenset({"boolean", "picklist", "consent"})


class ConditionError(Exception):
    """The rule could not be answered for these values: a third outcome, never "no match"."""


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

    def says(self) -> str:
        """The comparison in words, with the value that decided it."""
        claim = f"{self.path} {OPERATORS[self.operator].words.format(_shown(self.wanted))}"
        found = "it is missing" if self.actual is None else f"it is {_shown(self.actual)}"
        return f"{claim}: {'yes' if self.passed else 'no'}, {found}"


@dataclass(frozen=True, slots=True)
class Operator:
    """One row of the table that evaluation, type check, words and form builder all read."""

    #: Field types it may be used with.
    types: frozenset[str]
    #: (actual, wanted) → does it hold. Called with None only where `on_missing` is None.
    test: Callable[[Any, Any], bool]
    words: str
    #: What a missing or null value answers; None: ask the test.
    on_missing: bool | None = False
    #: "one", "many" or "yes_no": the shape of what it is compared with.
    takes: str = "one"


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def test(actual: Any, wanted: Any) -> bool:
        if isinstance(actual, bool) or isinstance(wanted, bool):
            raise ConditionError(f"{_shown(actual)} and {_shown(wanted)} have no order")
        try:
            return compare(actual, wanted)
        except TypeError:
            raise ConditionError(f"{_shown(actual)} cannot be compared with {_shown(wanted)}") from None

    return test


def _same(actual: Any, wanted: Any) -> bool:
    if isinstance(actual, bool) != isinstance(wanted, bool):
        return False
    return bool(actual == wanted)


def _text_in(actual: Any, wanted: Any) -> bool:
    if isinstance(actual, list):
        return any(_same(item, wanted) for item in actual)
    if not isinstance(actual, str):
        raise ConditionError(f"{_shown(actual)} is not text")
    return str(wanted).lower() in actual.lower()


def _matches(actual: Any, wanted: Any) -> bool:
    if not isinstance(actual, str):
        raise ConditionError(f"{_shown(actual)} is not text")
    return re2.search(wanted, actual) is not None


OPERATORS: dict[str, Operator] = {
    "$eq": Operator(ALL, _same, "is {}"),
    "$ne": Operator(ALL, lambda actual, wanted: not _same(actual, wanted), "is not {}", on_missing=True),
    "$gt": Operator(NUMBERS, _ordered(lambda a, b: a > b), "is more than {}"),
    "$gte": Operator(NUMBERS, _ordered(lambda a, b: a >= b), "is at least {}"),
    "$lt": Operator(NUMBERS, _ordered(lambda a, b: a < b), "is less than {}"),
    "$lte": Operator(NUMBERS, _ordered(lambda a, b: a <= b), "is at most {}"),
    "$in": Operator(ALL, lambda actual, wanted: any(_same(actual, w) for w in wanted), "is one of {}", takes="many"),
    "$nin": Operator(
        ALL, lambda a, wanted: not any(_same(a, w) for w in wanted), "is none of {}", on_missing=True, takes="many"
    ),
    "$exists": Operator(
        ALL, lambda actual, wanted: (actual is not None) == wanted, "is known: {}", on_missing=None, takes="yes_no"
    ),
    "$contains": Operator(TEXTS, _text_in, "contains {}"),
    "$regex": Operator(TEXTS, _matches, "matches {}"),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A rule ready for use."""

    document: Mapping[str, Any]
    #: Does it hold? Raises `ConditionError`.
    test: Test
    #: Every path that it reads, in the order written.
    paths: tuple[str, ...]

    def explain(self, facts: Facts) -> tuple[Check, ...]:
        """Each comparison with the value it saw, whether or not it decided."""
        return tuple(_explain(self.document, facts))


def compile_condition(document: Any) -> Condition:
    """Raises `BadCondition` with every problem at once."""
    problems: list[tuple[str, str]] = []
    paths: list[str] = []
    test = _all(document, "", problems, paths)
    if problems:
        raise BadCondition(problems)
    return Condition(document=document, test=test, paths=tuple(dict.fromkeys(paths)))


def value_at(facts: Facts, path: str) -> Any:
    """The value at a dotted path, or None.

    >>> value_at({"contact": {"consent": {"email": "granted"}}}, "contact.consent.email")
    'granted'
    """
    value: Any = facts
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


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


_GROUPS: dict[str, Callable[[Sequence[Test]], Test]] = {"$and": _every, "$or": _some, "$nor": _none}


def _all(document: Any, at: str, problems: list[tuple[str, str]], paths: list[str]) -> Test:
    if not isinstance(document, Mapping) or not document:
        problems.append((at or "rule", "must be a document such as {contact.score: {$gte: 50}}"))
        return _never
    return _every([_part(name, wanted, at, problems, paths) for name, wanted in document.items()])


def _part(name: str, wanted: Any, at: str, problems: list[tuple[str, str]], paths: list[str]) -> Test:
    here = f"{at}.{name}" if at else str(name)
    if name in _GROUPS:
        if not isinstance(wanted, list) or not wanted:
            problems.append((here, "takes a list of rules"))
            return _never
        tests = [_all(part, f"{here}[{i}]", problems, paths) for i, part in enumerate(wanted)]
        return _GROUPS[name](tests)
    if name == "$not":
        inner = _all(wanted, here, problems, paths)
        return lambda facts: not inner(facts)
    if not isinstance(name, str) or name.startswith("$"):
        problems.append((here, f"operator {name} is not offered here; groups are $and, $or, $nor and $not"))
        return _never
    paths.append(name)
    return _comparisons(name, wanted, here, problems)


def _comparisons(path: str, wanted: Any, at: str, problems: list[tuple[str, str]]) -> Test:
    tests = []
    for operator, value in _operations(wanted):
        problem = _problem(operator, value)
        if problem:
            problems.append((at, problem))
        else:
            tests.append(_comparison(path, operator, value))
    return _every(tests)


def _comparison(path: str, operator: str, wanted: Any) -> Test:
    row = OPERATORS[operator]
    check, on_missing = row.test, row.on_missing

    def test(facts: Facts) -> bool:
        actual = value_at(facts, path)
        if actual is None and on_missing is not None:
            return on_missing
        try:
            return check(actual, wanted)
        except ConditionError as error:
            raise ConditionError(f"{path}: {error}") from None

    return test


def _operations(wanted: Any) -> list[tuple[str, Any]]:
    if isinstance(wanted, Mapping) and wanted and all(str(key).startswith("$") for key in wanted):
        return list(wanted.items())
    return [("$eq", wanted)]


def _problem(operator: str, value: Any) -> str | None:
    row = OPERATORS.get(operator)
    if row is None:
        return f"operator {operator} is not offered; there are {', '.join(OPERATORS)}"
    if row.takes == "many":
        return None if isinstance(value, list) and value else f"{operator} takes a list of values"
    if row.takes == "yes_no":
        return None if isinstance(value, bool) else f"{operator} takes true or false"
    if value is None:
        return "compares with nothing; ask {$exists: false} for a missing value"
    if isinstance(value, Mapping | list):
        return f"{operator} takes one value"
    if operator == "$regex":
        return _regex_problem(value)
    return None


def _regex_problem(value: Any) -> str | None:
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(value, options)
    except (re2.error, TypeError) as error:
        return f"is no regular expression that RE2 knows: {error}"
    return None


def _explain(document: Mapping[str, Any], facts: Facts) -> Iterator[Check]:
    for name, wanted in document.items():
        if name in _GROUPS:
            for part in wanted:
                yield from _explain(part, facts)
        elif name == "$not":
            yield from _explain(wanted, facts)
        else:
            for operator, value in _operations(wanted):
                yield _check(name, operator, value, facts)


def _check(path: str, operator: str, wanted: Any, facts: Facts) -> Check:
    try:
        passed = _comparison(path, operator, wanted)(facts)
    except ConditionError:
        passed = False
    return Check(path=path, operator=operator, wanted=wanted, actual=value_at(facts, path), passed=passed)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value)
    return str(value)
