"""The smallest change of facts that turns a rule: fewest paths, and of those the nearest values.

The rule is taken apart into comparisons under "all of" and "any of", with every negation moved inwards. Each way for it
to come out as wanted is a set of comparisons; what it costs is the number of paths where one of them does not suit yet.
The cheapest set whose paths can all be given a value wins, and the rule itself has the last word: it is asked again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from martechops.lib.frozen import dataclass

from ..conditions import (
    SEGMENT,
    Condition,
    ConditionError,
    FieldType,
    Segments,
    compile_condition,
    operations,
    value_at,
)
from .changes import Change, applied
from .values import Literal, nearest

#: Ways that are kept of one part, the cheapest; rules that people write have a few.
_MOST_WAYS = 256
#: What no change of a contact can alter.
FIXED = ("event.name", "event.type", "now")
_CONSENT = FieldType("consent")

Way = frozenset[int]


def smallest_change(
    document: Mapping[str, Any],
    facts: Mapping[str, Any],
    *,
    wanted: bool = True,
    fields: Mapping[str, FieldType] | None = None,
    segments: Segments | None = None,
    fixed: Sequence[str] = FIXED,
) -> tuple[Change, ...] | None:
    """What would have to be otherwise for the rule to come out as wanted; empty if it does, None if nothing helps.

    >>> rule = {"contact.score": {"$gte": 50}, "$or": [{"contact.country": "DE"}, {"contact.size": {"$gt": 200}}]}
    >>> [change.says() for change in smallest_change(rule, {"contact": {"score": 12, "country": "DE"}})]
    ['score would have to be 50; it is 12']
    """
    rule = compile_condition(document, segments=segments or {})
    if _comes_out(rule, facts) is wanted:
        return ()
    search = _Search(facts, fields or {}, segments or {}, tuple(fixed))
    ways = search.ways(document, positive=wanted)
    for changes in search.solutions(ways):
        if _comes_out(rule, applied(facts, changes)) is wanted:
            return changes
    return None


def _comes_out(rule: Condition, facts: Mapping[str, Any]) -> bool | None:
    try:
        return rule.test(facts)
    except ConditionError:
        return None


@dataclass(slots=True)
class _Solved:
    """The value that one path would be given, and how far it is from what it holds."""

    change: Change
    distance: tuple[int, float]


class _Search:
    """All comparisons of one rule, and the ways in which they can come out together."""

    def __init__(
        self,
        facts: Mapping[str, Any],
        fields: Mapping[str, FieldType],
        segments: Segments,
        fixed: tuple[str, ...],
    ) -> None:
        self.facts, self.fields, self.segments, self.fixed = facts, fields, segments, fixed
        self.literals: list[Literal] = []
        #: Of each literal, whether it suits the facts as they are.
        self.suits: list[bool | None] = []
        self.numbers: dict[tuple[str, str, str, bool], int] = {}
        self.values: dict[tuple[str, Way], _Solved | None] = {}

    def ways(self, document: Mapping[str, Any], *, positive: bool) -> list[Way]:
        """Sets of comparisons of which each makes the rule come out so, cheapest first."""
        parts = [self._part(name, wanted, positive) for name, wanted in document.items()]
        return self._all_of(parts) if positive else self._any_of(parts)

    def solutions(self, ways: Sequence[Way]) -> Iterator[tuple[Change, ...]]:
        """Changes that fulfil a way, those of the fewest paths first, then those nearest to what is there."""
        forced = {self.literals[i].path for i, suits in enumerate(self.suits) if suits is None}
        found: dict[int, list[tuple[tuple[tuple[int, float], ...], tuple[Change, ...]]]] = {}
        for way in ways:
            solved = self._fulfil(way, forced)
            if solved is not None:
                distances = tuple(sorted((one.distance for one in solved), reverse=True))
                found.setdefault(len(solved), []).append((distances, tuple(one.change for one in solved)))
        for count in sorted(found):
            for _, changes in sorted(found[count], key=lambda pair: pair[0]):
                yield changes

    def _part(self, name: str, wanted: Any, positive: bool) -> list[Way]:
        if name == "$not":
            return self.ways(wanted, positive=not positive)
        if name in ("$and", "$or", "$nor"):
            inner = positive != (name == "$nor")
            parts = [self.ways(part, positive=inner) for part in wanted]
            return self._all_of(parts) if positive == (name != "$or") else self._any_of(parts)
        if name == SEGMENT:
            return self.ways(self.segments[wanted], positive=positive)
        return self._at_path(name, wanted, positive)

    def _at_path(self, path: str, wanted: Any, positive: bool) -> list[Way]:
        parts = []
        for operator, value in operations(wanted):
            if operator == "$not":
                parts.append(self._at_path(path, value, not positive))
            else:
                parts.append([frozenset({self._literal(path, operator, value, positive)})])
        return self._all_of(parts) if positive else self._any_of(parts)

    def _literal(self, path: str, operator: str, wanted: Any, positive: bool) -> int:
        """Its number; what is asked twice is one comparison, so that a way is no larger than it must be."""
        asked = (path, operator, repr(wanted), positive)
        if asked not in self.numbers:
            self.numbers[asked] = len(self.literals)
            test = compile_condition({path: {operator: wanted}}).test
            literal = Literal(path, operator, wanted, positive, test)
            self.literals.append(literal)
            self.suits.append(literal.suits(self.facts))
        return self.numbers[asked]

    def _opposite(self, number: int) -> int | None:
        one = self.literals[number]
        return self.numbers.get((one.path, one.operator, repr(one.wanted), not one.is_to_hold))

    def _cost(self, way: Way) -> int:
        return len({self.literals[i].path for i in way if not self.suits[i]})

    def _cheapest(self, ways: Iterable[Way]) -> list[Way]:
        possible = [way for way in set(ways) if not any(self._opposite(number) in way for number in way)]
        return sorted(possible, key=lambda way: (self._cost(way), len(way), sorted(way)))[:_MOST_WAYS]

    def _any_of(self, parts: Sequence[list[Way]]) -> list[Way]:
        return self._cheapest(way for part in parts for way in part)

    def _all_of(self, parts: Sequence[list[Way]]) -> list[Way]:
        together: list[Way] = [frozenset()]
        for part in parts:
            together = self._cheapest(way | more for way in together for more in part)
        return together

    def _fulfil(self, way: Way, forced: set[str]) -> list[_Solved] | None:
        """A value for each path that needs another one; None where one of them can have none."""
        paths = {self.literals[i].path for i in way if not self.suits[i]} | forced
        solved = []
        for path in sorted(paths):
            at_path = frozenset(i for i in way if self.literals[i].path == path)
            if (path, at_path) not in self.values:
                self.values[path, at_path] = self._value(path, at_path)
            found = self.values[path, at_path]
            if found is None:
                return None
            solved.append(found)
        return solved

    def _value(self, path: str, way: Way) -> _Solved | None:
        if path in self.fixed:
            return None
        old, literals = value_at(self.facts, path), [self.literals[i] for i in sorted(way)]
        is_there, value, distance = nearest(
            literals,
            all_at_path=[one for one in self.literals if one.path == path],
            current=old,
            now=self.facts.get("now") if isinstance(self.facts.get("now"), datetime) else None,
            field=self.fields.get(path) or (_CONSENT if path.startswith("contact.consent.") else None),
            item_rule=self._item,
        )
        if not is_there:
            return None
        any_value = value is not None and bool(literals) and all(one.operator == "$exists" for one in literals)
        return _Solved(Change(path, old, value, any_value=any_value), distance)

    def _item(self, rule: Mapping[str, Any]) -> Any:
        """An item that fits the rule for the items of a list: a value, or a document."""
        is_of_value = all(str(name).startswith("$") for name in rule)
        document = {"item": rule} if is_of_value else rule
        start = {"now": self.facts.get("now")}
        changes = smallest_change(document, start, fixed=("now",))
        if changes is None:
            return None
        item = applied({}, changes)
        return item.get("item") if is_of_value else item
