"""What a rule can ask for: paths of the contact by the catalog, and of the event by its schema, each with its type."""

from collections.abc import Iterable, Mapping
from typing import Any

from workflows.engine.conditions import FieldType
from workflows.engine.triggers import INTERNAL

from .workspace import Workflow, Workspace

_OF_EVERY_EVENT = {
    "event.name": FieldType("text"),
    "event.type": FieldType("text"),
    "event.message_id": FieldType("text"),
    "event.occurred_at": FieldType("datetime"),
    "now": FieldType("datetime"),
}
_INSIDE = ("segment", "from", "to", "field", "team", "workflow", "due_at")


def contact_types(workspace: Workspace) -> dict[str, FieldType]:
    """Every path of a contact."""
    return {f"contact.{key}": field.type for key, field in workspace.fields.items()}


def event_types(names: Iterable[str], workspace: Workspace) -> dict[str, FieldType]:
    """Every path of an event that is one of these; of two types for one property, the last one's."""
    found = dict(_OF_EVERY_EVENT)
    for name in names:
        event = workspace.event(name)
        if name in INTERNAL:
            found |= {f"event.properties.{one}": FieldType("text") for one in _INSIDE}
        elif event:
            for key, schema in event.properties.items():
                found[f"event.properties.{key}"] = _type_of(schema)
    return found


def begun_by(workflow: Workflow) -> tuple[str, ...]:
    """Names of the events that can begin a run."""
    return workflow.spec.trigger.names if workflow.spec.trigger else ()


def _type_of(schema: Any) -> FieldType:
    if not isinstance(schema, Mapping):
        return FieldType("text")
    allowed = tuple(value for value in schema.get("enum") or () if isinstance(value, str))
    kind = schema.get("type")
    if kind == "string" and schema.get("format") in ("date", "date-time"):
        return FieldType({"date": "date", "date-time": "datetime"}[schema["format"]])
    types = {"string": "text", "number": "number", "integer": "number", "boolean": "boolean", "array": "list"}
    return FieldType("picklist" if allowed else types.get(str(kind), "text"), allowed=allowed)
