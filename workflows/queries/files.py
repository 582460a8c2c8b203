"""A workflow's content as the text of its file."""

from collections.abc import Mapping
from typing import Any

from martechops.lib import yaml_text

#: The order in which people write a workflow file; what is not listed comes after, by name.
_ORDER = (
    "kind",
    "key",
    "name",
    "type",
    "owner",
    "subject",
    "description",
    "map_only",
    "target",
    "success",
    "trigger",
    "entry",
    "priority",
    "limits",
    "approvers",
    "lint",
    "steps",
)
_STEP = (
    "key",
    "name",
    "stage",
    "trigger",
    "system",
    "action",
    "with",
    "wait",
    "choose",
    "split",
    "approve",
    "handoff",
    "stop",
    "when",
    "guards",
    "owner",
    "output",
    "risk",
    "expected",
    "serves",
    "marks",
    "note",
    "after",
)


def text_of(document: Mapping[str, Any]) -> str:
    """The file, in the order in which people write one."""
    ordered = _ordered(document, _ORDER)
    steps = ordered.get("steps")
    if isinstance(steps, list):
        ordered["steps"] = [_ordered(step, _STEP) if isinstance(step, Mapping) else step for step in steps]
    return yaml_text.dump(ordered)


def _ordered(document: Mapping[str, Any], order: tuple[str, ...]) -> dict[str, Any]:
    places = {name: at for at, name in enumerate(order)}
    return {name: document[name] for name in sorted(document, key=lambda name: (places.get(name, 99), str(name)))}
