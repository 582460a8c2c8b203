"""What a rule may ask about where it stands: the properties of an event, as its schema has them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workflows.engine import typing_rules
from workflows.engine.conditions import FieldType
from workflows.engine.conditions.types import ANY
from workflows.models import EventType


def schemas() -> dict[str, Mapping[str, Any]]:
    """The schema of every event type, by its name: one query."""
    return dict(EventType.objects.order_by("name").values_list("name", "schema"))


def of_schema(schema: Mapping[str, Any]) -> dict[str, FieldType]:
    """The properties of one event as a rule names them; what may be anything is left out, as no operator suits it best.

    >>> of_schema({"properties": {"plan": {"type": "string", "enum": ["free", "pro"]}}})
    {'event.properties.plan': FieldType(type='picklist', allowed=('free', 'pro'), label='Plan')}
    """
    listed = typing_rules.of_schema({"properties": schema.get("properties")}, closed=True) or {}
    return {
        f"event.properties.{name}": replace(kind, label=name.replace("_", " ").replace(".", ", ").capitalize())
        for name, kind in listed.items()
        if kind.type != ANY
    }
