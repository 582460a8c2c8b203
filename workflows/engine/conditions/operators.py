"""The one table of operators: field types, test, database lookup, words and shape of each, a row an operator."""

from collections.abc import Callable, Mapping
from typing import Any

import re2

from martechops.lib.frozen import dataclass

DATES = frozenset({"date", "datetime"})
NUMBERS = frozenset({"number"}) | DATES
TEXTS = frozenset({"text", "email", "phone", "url"})
CHOICES = frozenset({"picklist", "consent"})
LISTS = frozenset({"list"})
#: Every type of a catalog field, and the lists that only events carry.
ALL = NUMBERS | TEXTS | CHOICES | LISTS | frozenset({"boolean"})


class ConditionError(Exception):
    """The rule could not be answered for these values: a third outcome, never "no match"."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the database is to ask, as data: `workflows.queries.conditions` knows each name."""

    #: same, among, known, order, text or pattern.
    name: str
    #: The comparison or where in the text, for the names that have several.
    how: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Operator:
    """One row."""

    #: Field types it may be used with.
    types: frozenset[str]
    #: (actual, wanted) → does it hold. Called with None only where `on_missing` is None.
    test: Callable[[Any, Any], bool]
    #: What is said of a path: "is at least {}".
    words: str
    #: None: no field of a contact is a list, so the database is never asked.
    lookup: Lookup | None = None
    #: What a missing or null value answers; None: ask the test.
    on_missing: bool | None = False
    #: The shape of what it is compared with: "value", "one", "many", "yes_no", "count" or "rule".
    takes: str = "one"
    #: The words where it takes yes or no and is given no.
    words_no: str = ""
    #: The words for dates, where "at least" would mislead. Whatever has them takes relative dates.
    words_date: str = ""


def shown(value: Any) -> str:
    """A value on one line, as in a sentence."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(shown(item) for item in value)
    return str(value)


def same(actual: Any, wanted: Any) -> bool:
    """Equal, and of one kind: yes is not the number one, wherever it stands.

    >>> same(1, 1.0), same(1, True), same([1], [True]), same({"a": 1}, {"a": 1})
    (True, False, False, True)
    """
    if isinstance(actual, bool) or isinstance(wanted, bool):
        return actual is wanted
    if isinstance(actual, list) and isinstance(wanted, list):
        return len(actual) == len(wanted) and all(map(same, actual, wanted))
    if isinstance(actual, Mapping) and isinstance(wanted, Mapping):
        return actual.keys() == wanted.keys() and all(same(value, wanted[key]) for key, value in actual.items())
    return bool(actual == wanted)


#: Letters with one lower-case form of one letter, in the alphabets of Latin, Greek and Cyrillic. Written out so that
#: whether two texts differ by case only does not depend on a database's locale.
FOLD: Mapping[int, int] = {
    upper: ord(lower)
    for upper in range(ord("A"), 0x530)
    if len(lower := chr(upper).lower()) == 1 and lower != chr(upper)
}


def folded(text: str) -> str:
    """Text as it is compared where case does not matter.

    >>> folded("MÜNCHEN")
    'münchen'
    """
    return text.lower() if text.isascii() else text.translate(FOLD)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def test(actual: Any, wanted: Any) -> bool:
        if isinstance(actual, bool) or isinstance(wanted, bool):
            raise ConditionError(f"{shown(actual)} and {shown(wanted)} have no order")
        try:
            return compare(actual, wanted)
        except TypeError:
            raise ConditionError(f"{shown(actual)} cannot be compared with {shown(wanted)}") from None

    return test


def _among(actual: Any, wanted: Any) -> bool:
    """One of the values; of a list, any of its items."""
    items = actual if isinstance(actual, list) else [actual]
    return any(same(item, one) for item in items for one in wanted)


def _every(actual: Any, wanted: Any) -> bool:
    return isinstance(actual, list) and all(any(same(item, one) for item in actual) for one in wanted)


def _sized(actual: Any, is_right: Callable[[int], bool]) -> bool:
    return isinstance(actual, list) and is_right(len(actual))


def _some_item(actual: Any, holds: Callable[[Any], bool]) -> bool:
    """Every item is asked, so that an error in any is an error of the whole."""
    return isinstance(actual, list) and sum(holds(item) for item in actual) > 0


def _text(compare: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    def test(actual: Any, wanted: Any) -> bool:
        if not isinstance(actual, str):
            raise ConditionError(f"{shown(actual)} is not text")
        return compare(folded(actual), folded(wanted))

    return test


_within = _text(lambda actual, wanted: wanted in actual)


def _contains(actual: Any, wanted: Any) -> bool:
    if isinstance(actual, list):
        return any(same(item, wanted) for item in actual)
    return _within(actual, wanted)


def _matches(actual: Any, wanted: Any) -> bool:
    if not isinstance(actual, str):
        raise ConditionError(f"{shown(actual)} is not text")
    return re2.search(wanted, actual) is not None


OPERATORS: dict[str, Operator] = {
    "$eq": Operator(ALL, same, "is {}", Lookup("same"), takes="value"),
    "$ne": Operator(
        ALL, lambda a, w: not same(a, w), "is not {}", Lookup("same", negated=True), on_missing=True, takes="value"
    ),
    "$in": Operator(ALL - {"boolean"}, _among, "is one of {}", Lookup("among"), takes="many"),
    "$nin": Operator(
        ALL - {"boolean"},
        lambda a, w: not _among(a, w),
        "is none of {}",
        Lookup("among", negated=True),
        on_missing=True,
        takes="many",
    ),
    "$gt": Operator(
        NUMBERS, _ordered(lambda a, w: a > w), "is more than {}", Lookup("order", ">"), words_date="is after {}"
    ),
    "$gte": Operator(
        NUMBERS, _ordered(lambda a, w: a >= w), "is at least {}", Lookup("order", ">="), words_date="is {} or later"
    ),
    "$lt": Operator(
        NUMBERS, _ordered(lambda a, w: a < w), "is less than {}", Lookup("order", "<"), words_date="is before {}"
    ),
    "$lte": Operator(
        NUMBERS, _ordered(lambda a, w: a <= w), "is at most {}", Lookup("order", "<="), words_date="is {} or earlier"
    ),
    "$contains": Operator(TEXTS | LISTS, _contains, "contains {}", Lookup("text", "within"), takes="text"),
    "$startsWith": Operator(
        TEXTS, _text(lambda a, w: a.startswith(w)), "begins with {}", Lookup("text", "start"), takes="text"
    ),
    "$endsWith": Operator(
        TEXTS, _text(lambda a, w: a.endswith(w)), "ends with {}", Lookup("text", "end"), takes="text"
    ),
    "$regex": Operator(TEXTS, _matches, "matches {}", Lookup("pattern"), takes="text"),
    "$exists": Operator(
        ALL,
        lambda actual, wanted: (actual is not None) == wanted,
        "is known",
        Lookup("known"),
        on_missing=None,
        takes="yes_no",
        words_no="is not known",
    ),
    "$all": Operator(LISTS, _every, "has all of {}", takes="many"),
    "$size": Operator(LISTS, _sized, "has a number of items that {}", takes="count"),
    "$elemMatch": Operator(LISTS, _some_item, "has an item that {}", takes="rule"),
}
