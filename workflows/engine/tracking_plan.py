"""Event types as others keep them: a Segment tracking plan, or one plain JSON Schema an event.

>>> plan = to_segment([Planned("Demo Requested", "Somebody asked for a demo.", {"type": "object"})], name="Web site")
>>> from_segment(plan) == [Planned("Demo Requested", "Somebody asked for a demo.", {"type": "object"})]
True
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

from martechops.lib.frozen import dataclass

from . import schemas

_SEGMENT_DRAFT = "http://json-schema.org/draft-07/schema#"
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
MOST_EVENTS = 2_000


class BadPlan(ValueError):
    """The document is no tracking plan that can be read; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One event of a plan."""

    name: str
    meaning: str = ""
    #: JSON Schema of its properties.
    schema: Mapping[str, Any] = field(default_factory=dict)


def to_segment(planned: Iterable[Planned], *, name: str) -> dict[str, Any]:
    """A plan as Segment's Public API speaks it: rules of type TRACK, properties within the whole message."""
    return {
        "name": name,
        "type": "LIVE",
        "rules": [
            {
                "type": "TRACK",
                "key": event.name,
                "version": 1,
                "jsonSchema": {
                    "$schema": _SEGMENT_DRAFT,
                    "type": "object",
                    "description": event.meaning,
                    "properties": {"properties": dict(event.schema)},
                },
            }
            for event in planned
        ],
    }


def from_segment(document: object) -> list[Planned]:
    """Events of a plan, of the present form (rules as a list) or the older one (rules.events). Raises `BadPlan`."""
    plan = document.get("tracking_plan", document) if isinstance(document, Mapping) else None
    rules = plan.get("rules") if isinstance(plan, Mapping) else None
    if isinstance(rules, Mapping):
        return _checked([_older(rule, f"rules.events[{i}]") for i, rule in enumerate(_listed(rules.get("events")))])
    kept = [
        _rule(rule, f"rules[{i}]")
        for i, rule in enumerate(_listed(rules))
        if not isinstance(rule, Mapping) or rule.get("type", "TRACK") == "TRACK"
    ]
    return _checked(kept)


def to_json_schemas(planned: Iterable[Planned]) -> dict[str, Any]:
    """One JSON Schema an event, by name; its title and description are the event's."""
    return {
        event.name: {"$schema": _DRAFT, "title": event.name, "description": event.meaning, **event.schema}
        for event in planned
    }


def from_json_schemas(document: object) -> list[Planned]:
    """Events of schemas by name, or of one schema with a title. Raises `BadPlan`."""
    if not isinstance(document, Mapping):
        raise BadPlan("must be an object: event names and their schemas, or one schema with a title")
    if isinstance(document.get("title"), str) and ("properties" in document or "type" in document):
        document = {document["title"]: document}
    return _checked([_schema(name, schema) for name, schema in document.items()])


def read(document: object) -> list[Planned]:
    """Events of a document of either kind. Raises `BadPlan`."""
    is_plan = isinstance(document, Mapping) and ("rules" in document or "tracking_plan" in document)
    return from_segment(document) if is_plan else from_json_schemas(document)


def _schema(name: str, schema: Any) -> Planned:
    if not isinstance(schema, Mapping):
        raise BadPlan(f"{name}: must be a JSON Schema")
    own = {word: value for word, value in schema.items() if word not in ("$schema", "$id", "title", "description")}
    return Planned(str(name), str(schema.get("description") or ""), own)


def _rule(rule: Any, at: str) -> Planned:
    if not isinstance(rule, Mapping) or not isinstance(rule.get("key"), str):
        raise BadPlan(f"{at}: needs a key, the event's name")
    schema = rule.get("jsonSchema") or {}
    if not isinstance(schema, Mapping):
        raise BadPlan(f"{at}.jsonSchema: must be an object")
    return Planned(rule["key"], str(schema.get("description") or ""), _properties(schema, f"{at}.jsonSchema"))


def _older(rule: Any, at: str) -> Planned:
    if not isinstance(rule, Mapping) or not isinstance(rule.get("name"), str):
        raise BadPlan(f"{at}: needs a name")
    return Planned(rule["name"], str(rule.get("description") or ""), _properties(rule.get("rules") or {}, at))


def _properties(schema: Any, at: str) -> Mapping[str, Any]:
    """The schema of the message's properties."""
    parts = schema.get("properties") if isinstance(schema, Mapping) else {}
    found = parts.get("properties", {}) if isinstance(parts, Mapping) else {}
    if not isinstance(found, Mapping):
        raise BadPlan(f"{at}: its properties must be an object")
    return found


def _listed(rules: Any) -> Sequence[Any]:
    if not isinstance(rules, list):
        raise BadPlan("rules: must be a list")
    return rules


def _checked(planned: list[Planned]) -> list[Planned]:
    names = [event.name for event in planned]
    if len(names) > MOST_EVENTS:
        raise BadPlan(f"holds more than {MOST_EVENTS} events")
    if twice := sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []:
        raise BadPlan(f"{', '.join(twice)}: stands there twice")
    for event in planned:
        if not event.name.strip() or len(event.name) > 120:
            raise BadPlan(f"{event.name[:60]!r}: a name has 1 to 120 characters")
        if event.schema and (found := schemas.problems(event.schema)):
            pointer, says = found[0]
            raise BadPlan(f"{event.name}{pointer}: {says}")
    return planned
