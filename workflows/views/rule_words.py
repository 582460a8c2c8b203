"""Rules and what they saw, in words for a page. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from martechops.lib import jsontext
from martechops.lib.path_words import path_words
from workflows.engine.conditions import OPERATORS

_JOINS = {"$and": " and ", "$or": " or "}


@dataclass(frozen=True, slots=True)
class SeenCheck:
    """One comparison of a rule with the value that decided it."""

    claim: str
    value: Any
    holds: bool


def comparison_words(path: str, operator: str, wanted: Any) -> str:
    """One comparison as a claim.

    >>> comparison_words("contact.score", "$gte", 50), comparison_words("contact.email", "$exists", False)
    ('score is at least 50', 'email is not known')
    """
    if operator == "$exists":
        return f"{path_words(path)} is {'known' if wanted else 'not known'}"
    row = OPERATORS.get(operator)
    words = row.words if row else f"{operator} {{}}"
    return f"{path_words(path)} {words.format(jsontext.words(wanted))}"


def condition_words(document: Mapping[str, Any]) -> str:
    """A whole rule as a clause.

    >>> condition_words({"contact.score": {"$gte": 50}, "$or": [{"event.name": "A"}, {"contact.size": {"$gt": 9}}]})
    'score is at least 50 and (name of the event is A or size is more than 9)'
    """
    return " and ".join(_part_words(key, wanted) for key, wanted in document.items())


def _part_words(key: str, wanted: Any) -> str:
    if key in _JOINS:
        inner = _JOINS[key].join(condition_words(part) for part in wanted)
        return f"({inner})" if len(wanted) > 1 else inner
    if key == "$nor":
        return "none of (" + ", ".join(condition_words(part) for part in wanted) + ")"
    if key == "$not":
        return f"not ({condition_words(wanted)})"
    if isinstance(wanted, Mapping) and wanted and all(str(name).startswith("$") for name in wanted):
        return " and ".join(comparison_words(key, operator, value) for operator, value in wanted.items())
    return comparison_words(key, "$eq", wanted)


def seen(check: Mapping[str, Any]) -> SeenCheck:
    """A CHECK of a trace (`workflows.engine.explain`) for a page."""
    claim = comparison_words(check["path"], check["op"], check["want"])
    return SeenCheck(claim=claim, value=check.get("got"), holds=bool(check["ok"]))
