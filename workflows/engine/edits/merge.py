"""Three texts of one workflow made into one: what only one side changed is taken, what both changed is asked.

>>> base = {"name": "A", "steps": [{"key": "one", "owner": "x"}, {"key": "two"}]}
>>> mine = {"name": "B", "steps": [{"key": "one", "owner": "x"}, {"key": "two"}]}
>>> theirs = {"name": "A", "steps": [{"key": "one", "owner": "y"}, {"key": "two"}]}
>>> merge(base=base, mine=mine, theirs=theirs).document
{'name': 'B', 'steps': [{'key': 'one', 'owner': 'y'}, {'key': 'two'}]}
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from martechops.lib.frozen import dataclass

Side = Literal["mine", "theirs"]
Path = tuple[str, ...]


class _Missing:
    """Stands where a document says nothing."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()
#: Read as a whole: a rule of which half is theirs and half is mine says what nobody meant.
_WHOLE = frozenset({"when", "where"})
#: In a clash's path: the order in which the steps stand.
ORDER = "order"


@dataclass(frozen=True, slots=True)
class Clash:
    """One place that both sides changed to something else; MISSING where a side took it out."""

    path: Path
    base: Any
    mine: Any
    theirs: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """One document, and the places where one of two sides had to be preferred."""

    document: dict[str, Any]
    clashes: tuple[Clash, ...]


def merge(
    *, base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any], prefer: Side = "theirs"
) -> Merged:
    """Both sides' changes since `base`. Steps are told apart by key, so moving one is no change of the others."""
    merger = _Merger(prefer)
    document = merger.mappings(_opened(base), _opened(mine), _opened(theirs), ())
    orders = [_order(side) for side in (base, mine, theirs)]
    if isinstance(document.get("steps"), _Steps):
        document["steps"] = list(merger.ordered(document["steps"], *orders))
    return Merged(document=_closed(document), clashes=tuple(merger.clashes))


class _Steps(dict[str, Any]):
    """Steps by key, while they are merged."""


def _opened(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its steps by key, if every one has a key of its own."""
    steps = document.get("steps")
    if not isinstance(steps, list) or not is_keyed(steps):
        return dict(document)
    return {**document, "steps": _Steps((step["key"], step) for step in steps)}


def is_keyed(steps: Sequence[Any]) -> bool:
    """Has every step a key, and none the key of another?"""
    keys = [step.get("key") if isinstance(step, Mapping) else None for step in steps]
    return all(isinstance(key, str) and key for key in keys) and len(set(keys)) == len(keys)


def _closed(document: dict[str, Any]) -> dict[str, Any]:
    steps = document.get("steps")
    return {**document, "steps": list(steps.values())} if isinstance(steps, _Steps) else document


def _order(document: Mapping[str, Any]) -> list[str]:
    steps = _opened(document).get("steps")
    return list(steps) if isinstance(steps, _Steps) else []


class _Merger:
    def __init__(self, prefer: Side) -> None:
        self.prefer = prefer
        self.clashes: list[Clash] = []

    def chosen(self, path: Path, base: Any, mine: Any, theirs: Any) -> Any:
        self.clashes.append(Clash(path=path, base=base, mine=mine, theirs=theirs))
        return mine if self.prefer == "mine" else theirs

    def values(self, base: Any, mine: Any, theirs: Any, path: Path) -> Any:
        if _same(mine, theirs) or _same(theirs, base):
            return mine
        if _same(mine, base):
            return theirs
        if path[-1] not in _WHOLE and all(isinstance(side, Mapping) and side for side in (mine, theirs)):
            inside = base if isinstance(base, Mapping) else {}
            kind = _Steps if isinstance(mine, _Steps) and isinstance(theirs, _Steps) else dict
            return kind(self.mappings(inside, mine, theirs, path))
        return self.chosen(path, base, mine, theirs)

    def mappings(
        self, base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any], path: Path
    ) -> dict[str, Any]:
        merged = {
            name: self.values(
                base.get(name, MISSING), mine.get(name, MISSING), theirs.get(name, MISSING), (*path, name)
            )
            for name in dict.fromkeys([*theirs, *mine, *base])
        }
        return {name: value for name, value in merged.items() if value is not MISSING}

    def ordered(self, steps: _Steps, base: list[str], mine: list[str], theirs: list[str]) -> Iterator[Any]:
        """Who moved steps says the order; what the other side added stands behind what it stood behind there."""
        common = set(base) & set(mine) & set(theirs)
        was, by_me, by_them = ([key for key in side if key in common] for side in (base, mine, theirs))
        leads = mine if by_me != was else theirs
        if was != by_me != by_them != was:
            leads = self.chosen(("steps", ORDER), base, mine, theirs)
        order = list(leads)
        other = theirs if leads is mine else mine
        for at, key in enumerate(other):
            if key not in order:
                before = next((one for one in reversed(other[:at]) if one in order), None)
                order.insert(order.index(before) + 1 if before else 0, key)
        return (steps[key] for key in order if key in steps)


def _same(one: Any, other: Any) -> bool:
    """Equal, and of one kind: in a file, true is not 1."""
    if isinstance(one, bool) is not isinstance(other, bool):
        return False
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
