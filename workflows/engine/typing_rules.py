"""A workflow's rules held against the catalog: fields, operators, values, segments, and what its events carry.

One function for everybody who asks, on the file as it is written, however unfinished:

    problems(content, vocabulary) -> ((path, says), …)

Paths are those of `parse`, so that a problem stands at its step: `steps[2].when.contact.score`. The lint reports them
as type mismatches, the editor shows them at their steps, freezing a version refuses them. `vocabulary` comes from
`workflows.queries.vocabulary.current()`, or is built by hand in a test:

>>> words = Vocabulary(fields={"contact.score": FieldType("number")}, events={"Demo Requested": {}}, segments={})
>>> file = {"trigger": {"event": "Demo Requested"}, "steps": [{"key": "hot", "when": {"contact.score": "high"}}]}
>>> problems(file, words)
(('steps[0].when.contact.score', '"high" is not a number'),)
"""

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from martechops.lib.frozen import dataclass

from .conditions import ANY, FieldType, Segments, check_types, did_you_mean

#: One problem: its place in the file, and what is wrong there.
Problem = tuple[str, str]
Fields = Mapping[str, FieldType]

#: What every event has besides its properties.
_ENVELOPE: Fields = {
    "event.name": FieldType("text"),
    "event.type": FieldType("text"),
    "event.message_id": FieldType("text"),
    "event.occurred_at": FieldType("datetime"),
}
#: Below these anything may stand: no schema describes it.
_OPEN = ("event.traits.", "event.context.", "content.", "workspace.")
_PROPERTIES = "event.properties."


#: What internal events carry (`workflows.engine.triggers`), by what the trigger names.
_INSIDE: Mapping[str, tuple[str, ...]] = {
    "schedule": ("workflow", "due_at"),
    "segment": ("segment",),
    "stage": ("from", "to"),
    "field": ("field", "from", "to"),
    "handoff": ("team", "from", "workflow"),
    "content": ("from", "to"),
}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What rules may speak of, from the catalog as it is now."""

    #: Path of a contact (`contact.score`) → what the catalog says of it.
    fields: Fields
    #: Event type → property → type, nested ones by dotted name; None where its schema lists none or leaves others open.
    events: Mapping[str, Fields | None]
    #: What each segment asks for, by its key.
    segments: Segments
    #: Lifecycle stages in their order: what `event.properties.from` and `.to` of a stage trigger may be.
    stages: tuple[str, ...] = ()


@dataclass(slots=True)
class _Asking:
    """One place after another, with what the events before it carry."""

    vocabulary: Vocabulary
    found: list[Problem] = field(default_factory=list)

    def rule(self, document: Any, at: str, carried: Fields | None) -> None:
        """A condition; `carried` are the properties that may be asked for, None where they may be any."""
        if document is None:
            return
        known = {
            **self.vocabulary.fields,
            **_ENVELOPE,
            **{_PROPERTIES + name: kind for name, kind in (carried or {}).items()},
        }
        open_ = _paths_below(document, (*_OPEN, _PROPERTIES) if carried is None else _OPEN)
        problems = check_types(document, known | open_, segments=self.vocabulary.segments)
        self.found += [(f"{at}.{place}" if place else at, says) for place, says in problems]

    def value(self, name: Any, wanted: Any, at: str) -> None:
        """A value that is to be written to a field."""
        kind = self.vocabulary.fields.get(f"contact.{name}")
        if kind is None or wanted is None:
            return  # a field that is not there is the business of whoever looks for what is undefined
        says = check_types({"contact.value": wanted}, {"contact.value": kind})
        self.found += [(at, problem) for _, problem in says]

    def needed(self, path: str, at: str) -> None:
        """A path that is read as it is."""
        fields = self.vocabulary.fields
        if path.startswith("contact.") and path not in fields:
            self.found.append((at, f"{path} is no field{did_you_mean(path, fields)}"))


def problems(content: Mapping[str, Any], vocabulary: Vocabulary) -> tuple[Problem, ...]:
    """Everything in the file that does not fit the catalog, in the order of the file; empty if all does.

    Never raises: what has not even the shape of a workflow is left to `parse`.
    """
    asking = _Asking(vocabulary)
    trigger = _mapping(content.get("trigger"))
    carried = _carried(trigger, vocabulary)
    asking.rule(trigger.get("where"), "trigger.where", carried)
    entry = _mapping(content.get("entry"))
    for number, path in enumerate(_texts(entry.get("key"))):
        asking.needed(path, f"entry.key[{number}]")
    asking.rule(entry.get("when"), "entry.when", carried)
    seen = [carried]
    for number, step in enumerate(_items(content.get("steps"))):
        _step(asking, step, f"steps[{number}]", seen)
    return tuple(asking.found)


def _step(asking: _Asking, step: Mapping[str, Any], at: str, seen: list[Fields | None]) -> None:
    """`seen` are the properties of the events that may have come before, the trigger's first; a wait adds its own."""
    carried = _any_of(seen)
    asking.rule(step.get("when"), f"{at}.when", carried)
    for number, branch in enumerate(_items(step.get("choose"))):
        asking.rule(branch.get("when"), f"{at}.choose[{number}].when", carried)
    arguments, guards = _mapping(step.get("with")), _mapping(step.get("guards"))
    if step.get("action") == "set_field":
        asking.value(arguments.get("field"), arguments.get("value"), f"{at}.with.value")
    for number, path in enumerate(_texts(guards.get("require"))):
        asking.needed(path, f"{at}.guards.require[{number}]")
    for number, path in enumerate(_texts(_mapping(step.get("handoff")).get("payload"))):
        asking.needed(path, f"{at}.handoff.payload[{number}]")
    until = _mapping(_mapping(step.get("wait")).get("until"))
    if isinstance(until.get("event"), str):
        own = asking.vocabulary.events.get(until["event"])
        asking.rule(until.get("where"), f"{at}.wait.until.where", own)
        seen.append(own)
    _date(asking, until.get("date"), f"{at}.wait.until.date")


def _date(asking: _Asking, path: Any, at: str) -> None:
    """A wait until a date of the contact needs a field that holds one."""
    if not isinstance(path, str):
        return
    kind = asking.vocabulary.fields.get(path)
    if kind is None:
        asking.needed(path, at)
    elif kind.type not in ("date", "datetime"):
        asking.found.append((at, f"{path} holds no date; its type is {kind.type}"))


def _carried(trigger: Mapping[str, Any], vocabulary: Vocabulary) -> Fields | None:
    """What `event.properties` may be asked for where this trigger begins a run."""
    if "event" in trigger:
        names = trigger["event"] if isinstance(trigger["event"], list) else [trigger["event"]]
        return _any_of([vocabulary.events.get(str(name)) for name in names])
    kind = next((kind for kind in ("schedule", *_INSIDE) if kind in trigger), "")
    if kind == "stage":
        stage = FieldType("picklist", allowed=vocabulary.stages)
        return {"from": stage, "to": stage}
    if kind == "field":
        value = vocabulary.fields.get(f"contact.{trigger['field']}", FieldType(ANY))
        return {"field": FieldType("text"), "from": value, "to": value}
    return dict.fromkeys(_INSIDE[kind], FieldType("text")) if kind else None


def _any_of(carried: list[Fields | None]) -> Fields | None:
    """Properties of any of several events; one that two of them give different types to may be either."""
    found: dict[str, FieldType] = {}
    for fields in carried:
        if fields is None:
            return None
        for name, kind in fields.items():
            found[name] = kind if found.get(name, kind) == kind else FieldType(ANY)
    return found


def of_schema(schema: Mapping[str, Any], *, closed: bool) -> Fields | None:
    """What a JSON Schema says of an event's properties; None where it says nothing, or takes others as well.

    `closed`: properties that it does not list are faults, as of agreed and frozen event types.

    >>> of_schema({"properties": {"plan": {"enum": ["pro", "free"]}, "seats": {"type": "integer"}}}, closed=True)
    ... # doctest: +NORMALIZE_WHITESPACE
    {'plan': FieldType(type='picklist', allowed=('pro', 'free'), label=''),
     'seats': FieldType(type='number', allowed=(), label='')}
    """
    listed = schema.get("properties")
    if not isinstance(listed, Mapping) or schema.get("additionalProperties", not closed) is not False:
        return None
    if any(word in schema for word in ("allOf", "anyOf", "oneOf", "$ref", "patternProperties")):
        return None
    return dict(_properties(listed))


def _properties(listed: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, FieldType]]:
    for name, schema in listed.items():
        part = schema if isinstance(schema, Mapping) else {}
        inner = part.get("properties")
        yield f"{before}{name}", _type_of(part)
        if isinstance(inner, Mapping):
            yield from _properties(inner, f"{before}{name}.")


def _type_of(schema: Mapping[str, Any]) -> FieldType:
    options = schema.get("enum")
    if isinstance(options, list) and options and all(isinstance(option, str) for option in options):
        return FieldType("picklist", allowed=tuple(options))
    types = schema.get("type")
    kinds = [kind for kind in (types if isinstance(types, list) else [types]) if kind != "null"]
    if len(kinds) != 1:
        return FieldType(ANY)
    if kinds[0] == "string":
        return FieldType(_FORMATS.get(str(schema.get("format")), "text"))
    return FieldType(_TYPES.get(str(kinds[0]), ANY))


_TYPES = {"number": "number", "integer": "number", "boolean": "boolean", "array": "list"}
_FORMATS = {"email": "email", "date": "date", "date-time": "datetime", "uri": "url"}


def _paths_below(document: Any, prefixes: tuple[str, ...]) -> dict[str, FieldType]:
    """Paths of a rule that nobody describes: whatever they are compared with, fits."""
    if isinstance(document, list):
        return {path: kind for part in document for path, kind in _paths_below(part, prefixes).items()}
    if not isinstance(document, Mapping):
        return {}
    found = {str(name): FieldType(ANY) for name in document if str(name).startswith(prefixes)}
    for name, part in document.items():
        if str(name).startswith("$"):
            found |= _paths_below(part, prefixes)
    return found


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _items(value: Any) -> list[Mapping[str, Any]]:
    return [_mapping(item) for item in value] if isinstance(value, list) else []
