"""What can be chosen where a workflow is edited: every list, read whole in one query each, and what rules may ask."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from martechops.people.models import Team
from workflows.engine.conditions import FieldType
from workflows.models import (
    EventType,
    LifecycleStage,
    MessageTemplate,
    Metric,
    Segment,
    System,
    Workflow,
)
from workflows.models import Mapping as MappingRow
from workflows.queries import segments

Choice = tuple[str, str]
#: JSON Schema's types as the catalog's.
_TYPES = {"string": "text", "integer": "number", "number": "number", "boolean": "boolean"}


@dataclass(slots=True)
class Pickers:
    """Lists to choose from; each is asked of the database when it is first needed, and once."""

    _kept: dict[str, list[Choice]] = field(default_factory=dict)
    _fields: dict[str, FieldType] | None = None
    _events: list[EventType] | None = None

    def of(self, source: str) -> list[Choice]:
        """The values and what they are called; empty for a list that nobody knows."""
        if source not in self._kept:
            ask = _SOURCES.get(source)
            self._kept[source] = ask(self) if ask else []
        return self._kept[source]

    def contact_fields(self) -> dict[str, FieldType]:
        """Every path of a contact with its type."""
        if self._fields is None:
            self._fields = segments.field_types()
        return self._fields

    def event_types(self) -> list[EventType]:
        """The event catalog, by name."""
        if self._events is None:
            self._events = list(EventType.objects.order_by("name").only("name", "schema"))
        return self._events

    def rule_fields(self, events: Iterable[str] = ()) -> dict[str, FieldType]:
        """What a rule may ask: the contact's fields, and the properties of these events."""
        wanted = set(events)
        asked: dict[str, FieldType] = {}
        for event in self.event_types():
            if event.name in wanted:
                asked |= _property_types(event.schema)
        return {**self.contact_fields(), **asked}


def _property_types(schema: Any) -> dict[str, FieldType]:
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    found = {}
    for name, said in (properties or {}).items():
        if not isinstance(said, Mapping) or "." in name:
            continue
        kinds = said.get("type")
        kind = next((one for one in (kinds if isinstance(kinds, list) else [kinds]) if one in _TYPES), "string")
        type_ = "datetime" if said.get("format") == "date-time" else _TYPES[kind]
        allowed = tuple(str(value) for value in said.get("enum", ()) if isinstance(value, str))
        path = f"event.properties.{name}"
        found[path] = FieldType(type=type_, allowed=allowed, label=f"Event: {name.replace('_', ' ')}")
    return found


def _keyed(model: Any) -> Any:
    return lambda pickers: list(model.objects.order_by("name").values_list("key", "name"))


def _templates(pickers: Pickers) -> list[Choice]:
    del pickers
    rows = MessageTemplate.objects.order_by("name").values_list("key", "name", "channel")
    return [(key, f"{name} ({channel})") for key, name, channel in rows]


def _stages(pickers: Pickers) -> list[Choice]:
    del pickers
    return list(LifecycleStage.objects.order_by("position").values_list("key", "name"))


def _fields(pickers: Pickers) -> list[Choice]:
    return [(path.removeprefix("contact."), kind.label) for path, kind in pickers.contact_fields().items()]


def _paths(pickers: Pickers) -> list[Choice]:
    return [(path, kind.label or path) for path, kind in pickers.contact_fields().items()]


def _dates(pickers: Pickers) -> list[Choice]:
    known = pickers.contact_fields().items()
    return [(path, kind.label) for path, kind in known if kind.type in ("date", "datetime")]


def _channels(pickers: Pickers) -> list[Choice]:
    known = pickers.contact_fields().items()
    named = [(path.removeprefix("contact.consent."), kind.label) for path, kind in known if kind.type == "consent"]
    return [(channel, label) for channel, label in named if "." not in channel]


def _purposes(pickers: Pickers) -> list[Choice]:
    """What consent can be for besides a channel as a whole, over all channels."""
    known = pickers.contact_fields().items()
    fields = [(path.removeprefix("contact.consent."), kind.label) for path, kind in known if kind.type == "consent"]
    return [(name.partition(".")[2], label) for name, label in fields if "." in name]


def _events(pickers: Pickers) -> list[Choice]:
    return [(event.name, event.name) for event in pickers.event_types()]


_SOURCES: Mapping[str, Any] = {
    "teams": _keyed(Team),
    "systems": _keyed(System),
    "mappings": _keyed(MappingRow),
    "segments": _keyed(Segment),
    "workflows": _keyed(Workflow),
    "templates": _templates,
    "stages": _stages,
    "fields": _fields,
    "paths": _paths,
    "dates": _dates,
    "channels": _channels,
    "purposes": _purposes,
    "events": _events,
    "metrics": _keyed(Metric),
}
