"""What a system of record tells of its own records: one event for each field that somebody changed there."""

from collections.abc import Mapping
from typing import Any

#: The event's name in the catalog; a system is asked only where the catalog has it.
NAME = "CRM Record Changed"


def traits(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """What such an event says of the person: mappings read the field there as they read any trait.

    >>> traits(NAME, {"field": "status", "from": "Open", "to": "Working"})
    {'status': 'Working'}
    >>> traits("Demo Requested", {"field": "status", "to": "Working"})
    {}
    """
    if name != NAME or not isinstance(properties.get("field"), str):
        return {}
    return {properties["field"]: properties.get("to")}
