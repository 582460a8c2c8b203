"""Whether two rules can hold of one contact at once. In doubt they can: only what excludes the other tells them apart.

>>> small, large = {"contact.size": {"$lt": 50}}, {"contact.size": {"$gte": 50}}
>>> can_both_hold(small, large), can_both_hold(small, {"contact.country": "DE"})
(False, True)
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from workflows.engine.conditions import SEGMENT, Condition, operations
from workflows.engine.conditions.types import is_number

Rule = Mapping[str, Any]


def all_hold(rules: Iterable[Condition | None], segments: Mapping[str, Rule]) -> bool:
    """Can rules, as far as there are any, hold of one contact at once?"""
    return can_both_hold(*(rule.document for rule in rules if rule), segments=segments)


def can_both_hold(*rules: Rule | None, segments: Mapping[str, Rule] | None = None) -> bool:
    """Of rules that must all hold at one instant; `segments` are what each asks for, by its key."""
    wanted: dict[str, list[tuple[str, Any]]] = {}
    for rule in rules:
        for path, operator, value in _needed(rule or {}, segments or {}):
            wanted.setdefault(path, []).append((operator, value))
    return not any(_excluded(asked) for asked in wanted.values())


def _needed(rule: Rule, segments: Mapping[str, Rule], depth: int = 0) -> Iterator[tuple[str, str, Any]]:
    """Comparisons that must hold for the rule to hold; what stands in a choice of several is left out."""
    for name, wanted in rule.items():
        if name == "$and" and isinstance(wanted, list):
            for part in wanted:
                yield from _needed(part, segments, depth)
        elif name == SEGMENT:
            if depth < _DEEPEST and wanted in segments:
                yield from _needed(segments[wanted], segments, depth + 1)
        elif not str(name).startswith("$"):
            for operator, value in operations(wanted):
                yield str(name), operator, value


#: Segments within segments; a circle of them is refused when it is saved.
_DEEPEST = 8


def _excluded(asked: list[tuple[str, Any]]) -> bool:
    return _no_value_left(asked) or _no_room_left(asked) or _there_and_not(asked)


def _no_value_left(asked: list[tuple[str, Any]]) -> bool:
    """Nothing is in all lists of values, or what is, is ruled out."""
    lists = [
        [value] if operator == "$eq" else list(value)
        for operator, value in asked
        if operator == "$eq" or (operator == "$in" and isinstance(value, list))
    ]
    if not lists:
        return False
    left = [value for value in lists[0] if all(value in others for others in lists[1:])]
    for operator, value in asked:
        if operator == "$ne":
            left = [one for one in left if one != value]
        elif operator == "$nin" and isinstance(value, list):
            left = [one for one in left if one not in value]
        elif operator in _BOUNDS and is_number(value):
            left = [one for one in left if not is_number(one) or _BOUNDS[operator](one, value)]
    return not left


_BOUNDS = {
    "$gt": lambda one, limit: one > limit,
    "$gte": lambda one, limit: one >= limit,
    "$lt": lambda one, limit: one < limit,
    "$lte": lambda one, limit: one <= limit,
}


def _no_room_left(asked: list[tuple[str, Any]]) -> bool:
    """A lower bound lies above an upper one."""
    numbers = [(operator, value) for operator, value in asked if is_number(value)]
    lower = [(value, operator == "$gt") for operator, value in numbers if operator in ("$gt", "$gte")]
    upper = [(value, operator == "$lt") for operator, value in numbers if operator in ("$lt", "$lte")]
    if not lower or not upper:
        return False
    (low, low_open), (high, high_open) = max(lower), min(upper, key=lambda bound: (bound[0], not bound[1]))
    return low > high or (low == high and (low_open or high_open))


def _there_and_not(asked: list[tuple[str, Any]]) -> bool:
    exists = {value for operator, value in asked if operator == "$exists"}
    return exists == {True, False} or (False in exists and any(operator in ("$eq", "$in") for operator, _ in asked))
