"""What changed between two documents, in words that people read.

>>> differences({"type": "text", "rows": []}, {"type": "number", "rows": [{"from": "a", "to": "first_name"}]})
['Type changed from text to number', 'Row first_name added']
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

#: What names an item of a list, tried in this order, so that moving a row is no change of all rows.
_NAMES = ("key", "to", "part", "says", "event", "name")
#: What one item of a list is called; otherwise the list's own name without its s.
_ITEMS = {"allowed_values": "value", "crm_statuses": "CRM status", "written_in": "stage", "consumers": "consumer"}


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """One sentence for each difference; empty if they say the same."""
    return list(_mappings(old, new, ""))


def _mappings(old: Mapping[str, Any], new: Mapping[str, Any], within: str) -> Iterator[str]:
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name), new.get(name)
        if before != after:
            yield from _values(name, before, after, within)


def _values(name: str, before: Any, after: Any, within: str) -> Iterator[str]:
    called = _words(name, within)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _mappings(before, after, f"{within}{_plain(name)} ")
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(name, before, after, within)
    elif _nothing(before):
        yield f"{called} set to {_shown(after)}"
    elif _nothing(after):
        yield f"{called} removed; it was {_shown(before)}"
    elif _is_long(before) or _is_long(after):
        yield f"{called} reworded"
    else:
        yield f"{called} changed from {_shown(before)} to {_shown(after)}"


def _lists(name: str, before: Sequence[Any], after: Sequence[Any], within: str) -> Iterator[str]:
    item = within + _ITEMS.get(name, _plain(name).removesuffix("s"))
    old, new = _named(before), _named(after)
    for key, value in old.items():
        if key not in new:
            yield f"{_upper(item)} {key} removed"
        elif value != new[key]:
            yield from _items(item, key, value, new[key])
    for key in new:
        if key not in old:
            yield f"{_upper(item)} {key} added"
    if list(old) != list(new) and set(old) == set(new):
        yield f"{_words(name, within)} put in another order"


def _items(item: str, key: str, before: Any, after: Any) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _mappings(before, after, f"{item} {key}: ")
    else:
        yield f"{_upper(item)} {key} changed"


def _named(items: Sequence[Any]) -> dict[str, Any]:
    """Items by what they are called; a second one of the same name is told apart by a number."""
    named: dict[str, Any] = {}
    for item in items:
        name = base = _name(item)
        number = 2
        while name in named:
            name, number = f"{base} ({number})", number + 1
        named[name] = item
    return named


def _name(item: Any) -> str:
    if isinstance(item, Mapping):
        return next((str(item[name]) for name in _NAMES if item.get(name)), _shown(item))
    return _shown(item)


def _words(name: str, within: str) -> str:
    return _upper(within + _plain(name))


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _nothing(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and (len(value) > 60 or "\n" in value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value) or "nothing"
    if isinstance(value, Mapping):
        return ", ".join(f"{_plain(str(key))} {_shown(item)}" for key, item in value.items()) or "nothing"
    return "nothing" if value is None else str(value)
