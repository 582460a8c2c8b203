"""What rules saw, in words for a page. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflows.engine.conditions import comparison_words


@dataclass(frozen=True, slots=True)
class SeenCheck:
    """One comparison of a rule with the value that decided it."""

    claim: str
    value: Any
    holds: bool
    #: For a segment: what it asks for itself.
    inner: tuple["SeenCheck", ...] = ()


def seen(check: Mapping[str, Any]) -> SeenCheck:
    """A CHECK of a trace (`workflows.engine.explain`) for a page."""
    claim = comparison_words(check["path"], check["op"], check["want"])
    inner = tuple(seen(one) for one in check.get("inner", ()))
    return SeenCheck(claim=claim, value=check.get("got"), holds=bool(check["ok"]), inner=inner)
