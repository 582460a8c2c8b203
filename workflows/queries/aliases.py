"""Former names that still arrive from outside, or stand in frozen versions, and what they mean now."""

from collections.abc import Mapping
from typing import Any

from workflows.engine.references import Names, renamed
from workflows.models import Alias


def names() -> dict[tuple[str, str], str]:
    """Every alias in force: (kind, former name) → present name. One query; mostly there are none."""
    rows = Alias.objects.filter(until=None).values_list("kind", "old", "new")
    return {(kind, old): new for kind, old, new in rows}


def current(document: Mapping[str, Any], among: Names) -> dict[str, Any]:
    """A workflow's content as it reads with the names of today."""
    if not among:
        return dict(document)
    return renamed({"kind": "workflow", **document}, among)


def current_properties(properties: Any, among: Names, fields: Mapping[str, str]) -> Any:
    """An event's properties or traits with the values of today; `fields` says which field a property becomes."""
    if not isinstance(properties, Mapping):
        return properties
    return {
        name: among.get((f"value:{fields.get(name, name)}", value), value) if isinstance(value, str) else value
        for name, value in properties.items()
    }
