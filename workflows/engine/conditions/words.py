"""A rule in the words of people."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from martechops.lib import jsontext
from martechops.lib.path_words import path_words

from . import relative
from .operators import OPERATORS

#: Stands in a rule in place of a path: `{segment: hot-leads}`.
SEGMENT = "segment"

_JOINS = {"$and": " and ", "$or": " or "}
#: What people call a segment, by its key; one that is not there is called by its key.
Titles = Mapping[str, str]
_NONE: Titles = {}


def comparison_words(path: str, operator: str, wanted: Any, *, name: Callable[[str], str] = path_words) -> str:
    """One comparison as a claim.

    >>> comparison_words("contact.score", "$gte", 50), comparison_words("contact.email", "$exists", False)
    ('score is at least 50', 'email is not known')
    >>> comparison_words("contact.renewal_on", "$lt", {"days_ahead": 30})
    'renewal on is before 30 days from now'
    >>> comparison_words("segment", "$eq", "hot-leads")
    'is in segment Hot leads'
    """
    if path == SEGMENT:
        return f"is in segment {_title(wanted, _NONE)}"
    return f"{name(path)} {operator_words(operator, wanted)}".strip()


def operator_words(operator: str, wanted: Any) -> str:
    """The claim without what it is about.

    >>> operator_words("$elemMatch", {"$gt": 5}), operator_words("$size", {"$gt": 2}), operator_words("$size", 3)
    ('has an item that is more than 5', 'has a number of items that is more than 2', 'has 3 items')
    """
    row = OPERATORS.get(operator)
    if row is None:
        return f"{operator} {jsontext.words(wanted)}"
    if row.takes == "yes_no" and wanted is False:
        return row.words_no
    if operator == "$size" and isinstance(wanted, int):
        return f"has {wanted} item{'' if wanted == 1 else 's'}"
    if isinstance(wanted, Mapping) and row.takes in ("rule", "count"):
        return row.words.format(_item_words(wanted))
    away = relative.distance(wanted)
    if row.words_date and (away or relative.is_date(wanted) or relative.is_instant(wanted)):
        return row.words_date.format(away.words() if away else wanted)
    return row.words.format(jsontext.words(wanted))


def condition_words(document: Mapping[str, Any], *, titles: Titles = _NONE) -> str:
    """A whole rule as a clause; `titles` are the names of segments by their keys.

    >>> condition_words({"contact.score": {"$gte": 50}, "$or": [{"event.name": "A"}, {"contact.size": {"$gt": 9}}]})
    'score is at least 50 and (name of the event is A or size is more than 9)'
    >>> condition_words({"contact.email": {"$not": {"$endsWith": "@example.com"}}})
    'not (email ends with @example.com)'
    >>> condition_words({"$not": {"segment": "hot"}}, titles={"hot": "Leads to call"})
    'is not in segment Leads to call'
    """
    return " and ".join(_part_words(key, wanted, titles) for key, wanted in document.items())


def _part_words(key: str, wanted: Any, titles: Titles) -> str:
    if key in _JOINS:
        inner = _JOINS[key].join(_member_words(part, len(wanted), titles) for part in wanted)
        return f"({inner})" if len(wanted) > 1 else inner
    if key == "$nor":
        return "none of (" + ", ".join(condition_words(part, titles=titles) for part in wanted) + ")"
    if key == "$not":
        if isinstance(wanted, Mapping) and set(wanted) == {SEGMENT}:
            return f"is not in segment {_title(wanted[SEGMENT], titles)}"
        return f"not ({condition_words(wanted, titles=titles)})"
    if key == SEGMENT:
        return f"is in segment {_title(wanted, titles)}"
    if isinstance(wanted, Mapping) and any(str(name).startswith("$") for name in wanted):
        return " and ".join(_operation_words(key, operator, value) for operator, value in wanted.items())
    return comparison_words(key, "$eq", wanted)


def _member_words(part: Mapping[str, Any], of: int, titles: Titles) -> str:
    """A member with several parts of its own is set in brackets."""
    words = condition_words(part, titles=titles)
    return f"({words})" if of > 1 and len(part) > 1 else words


def _operation_words(path: str, operator: str, value: Any) -> str:
    if operator == "$not" and isinstance(value, Mapping):
        return "not (" + " and ".join(_operation_words(path, name, inner) for name, inner in value.items()) + ")"
    return comparison_words(path, operator, value)


def _item_words(wanted: Mapping[str, Any]) -> str:
    if all(str(key).startswith("$") for key in wanted):
        return " and ".join(operator_words(operator, value) for operator, value in wanted.items())
    return "fits: " + condition_words(wanted)


def _title(key: Any, titles: Titles) -> str:
    return titles.get(str(key)) or str(key).replace("-", " ").replace("_", " ").capitalize()


def either(names: Sequence[str]) -> str:
    """Names of which any one will do.

    >>> either(["a"]), either(["a", "b", "c"])
    ('a', 'a, b or c')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
