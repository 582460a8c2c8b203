"""One fact that would have had to be another."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from martechops.lib.frozen import dataclass
from martechops.lib.path_words import path_words

from ..conditions import places
from ..conditions.operators import shown

#: The path of time itself: something would have happened then.
NOW = "now"


@dataclass(frozen=True, slots=True)
class Change:
    """A path, what it holds, and what it would have to hold; None: no value."""

    path: str
    old: Any
    new: Any
    #: Any value would do, and `new` is an example of one.
    any_value: bool = False

    @property
    def instant(self) -> datetime | None:
        """When it would have happened, where time is what is missing."""
        return datetime.fromisoformat(self.new) if self.path == NOW else None

    def says(self) -> str:
        """In words.

        >>> Change("contact.score", 12, 50).says(), Change("contact.city", None, "…", any_value=True).says()
        ('score would have to be 50; it is 12', 'city would have to be known; it is missing')
        """
        if self.path == NOW:
            return f"it would have happened from {self.new} on"
        wanted = "known" if self.any_value else "missing" if self.new is None else shown(self.new)
        found = "missing" if self.old is None else shown(self.old)
        return f"{path_words(self.path)} would have to be {wanted}; it is {found}"


def known(path: str, old: Any, example: Any = None) -> Change:
    """Any value would do; the example is one that an address, an id or a text could have."""
    return Change(path, old, example or _EXAMPLES.get(path, "something"), any_value=True)


_EXAMPLES = {"contact.email": "somebody@example.com", "contact.crm_id": "id-1"}


def at_instant(old: datetime, new: datetime) -> Change:
    """Later, with all else as it is."""
    return Change(NOW, old.isoformat(), new.isoformat())


def later(one: Change, other: Change) -> Change:
    """Of two changes of one path, that which fulfils both: the later instant, or the one that names a value."""
    if one.path == NOW:
        return max(one, other, key=lambda change: datetime.fromisoformat(change.new))
    return other if one.any_value else one


def applied(facts: Mapping[str, Any], changes: Iterable[Change]) -> dict[str, Any]:
    """The facts with the changes made; what was handed in stays as it is.

    >>> applied({"contact": {"score": 12}}, [Change("contact.score", 12, 50)])
    {'contact': {'score': 50}}
    """
    changed = dict(facts)
    for change in changes:
        changed = _set(changed, places(change.path), change.new)
    return changed


def _set(facts: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    first, rest = path[0], path[1:]
    changed = dict(facts)
    if rest:
        inner = changed.get(first)
        changed[first] = _set(inner if isinstance(inner, Mapping) else {}, rest, value)
    else:
        changed[first] = value
    return changed
