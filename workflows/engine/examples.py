"""Values that could stand somewhere: of a field by its type, of an event's properties by their schema.

>>> of_schema({"properties": {"plan": {"enum": ["pro", "free"]}, "seats": {"type": "integer", "minimum": 3}}})
{'plan': 'pro', 'seats': 3}
"""

from collections.abc import Mapping
from typing import Any

from .conditions import FieldType
from .counterfactual import patterns

_OF_TYPE: Mapping[str, Any] = {
    "text": "something",
    "number": 1,
    "date": "2026-01-15",
    "datetime": "2026-01-15T09:00:00+00:00",
    "boolean": True,
    "email": "somebody@example.com",
    "phone": "+49 30 901820",
    "url": "https://example.com/",
    "consent": "granted",
}
_OF_FORMAT: Mapping[str, str] = {
    "email": "somebody@example.com",
    "date": "2026-01-15",
    "date-time": "2026-01-15T09:00:00+00:00",
    "uri": "https://example.com/",
    "uuid": "0b1d3c5e-7f90-4a1b-8c2d-3e4f5a6b7c8d",
}
#: No example is longer, and no schema is followed deeper.
_LONGEST, _DEEPEST = 200, 5


def of_field(field: FieldType) -> Any:
    """A value of that type, one that is allowed where only some are.

    >>> of_field(FieldType("picklist", ("DE", "FR"))), of_field(FieldType("number"))
    ('DE', 1)
    """
    return field.allowed[0] if field.allowed else _OF_TYPE.get(field.type, "something")


def of_schema(schema: Any, *, depth: int = 0) -> Any:
    """A document that should suit it: every property that is named, not only those that must be there."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return "something"
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    if isinstance(schema.get("examples"), list) and schema["examples"]:
        return schema["examples"][0]
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return schema["enum"][0]
    return _of_type(schema, depth)


def _of_type(schema: Mapping[str, Any], depth: int) -> Any:
    kinds = schema.get("type")
    kind = next((one for one in kinds if one != "null"), "null") if isinstance(kinds, list) else kinds
    if kind == "object" or (kind is None and "properties" in schema):
        named = schema.get("properties")
        parts = named.items() if isinstance(named, Mapping) else ()
        return {name: of_schema(part, depth=depth + 1) for name, part in parts}
    if kind == "array":
        return [of_schema(schema.get("items", {}), depth=depth + 1)]
    if kind in ("integer", "number"):
        return _number(schema)
    if kind == "boolean":
        return True
    return None if kind == "null" else _text(schema)


def _number(schema: Mapping[str, Any]) -> float:
    least, most = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        least = schema["exclusiveMinimum"] + 1
    if least is not None:
        return float(least) if schema.get("type") == "number" and not isinstance(least, int) else least
    return min(1, most) if most is not None else 1


def _text(schema: Mapping[str, Any]) -> str:
    if schema.get("format") in _OF_FORMAT:
        return _OF_FORMAT[schema["format"]]
    found = patterns.example(schema["pattern"]) if "pattern" in schema else None
    text = "something" if found is None else found
    shortest = schema.get("minLength", 0)
    text = text.ljust(min(shortest, _LONGEST), "x") if isinstance(shortest, int) else text
    longest = schema.get("maxLength")
    return text[:longest] if isinstance(longest, int) else text
