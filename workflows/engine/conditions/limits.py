"""What no rule may hold, wherever it comes from: more than anybody reads, and values that no database keeps."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

#: Containers within containers; a group takes two.
DEEPEST = 24
MOST_VALUES = 2_000
LONGEST_TEXT = 2_000
LARGEST_NUMBER = 10**100


def objections(document: Any) -> Iterator[tuple[str, str]]:
    """What is out of bounds, with its place; none for an ordinary rule.

    >>> list(objections({"contact.city": "a\\x00b"})), list(objections({"contact.score": float("inf")}))
    ([('rule', 'a text holds a character that cannot be kept')], [('rule', 'a number is too large')])
    """
    waiting: list[tuple[Any, int]] = [(document, 0)]
    count = 0
    while waiting:
        value, depth = waiting.pop()
        count += 1
        if depth > DEEPEST or count > MOST_VALUES:
            yield "rule", "is too deep to be read" if depth > DEEPEST else "is too long to be read"
            return
        if isinstance(value, Mapping):
            waiting += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            waiting += [(part, depth + 1) for part in value]
        elif says := _of_value(value):
            yield "rule", says


def _of_value(value: Any) -> str:
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            return "a text is too long"
        if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            return "a text holds a character that cannot be kept"
    if isinstance(value, float) and not isfinite(value):
        return "a number is too large"
    if isinstance(value, int | float) and abs(value) > LARGEST_NUMBER:
        return "a number is too large"
    return ""
