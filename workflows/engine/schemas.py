"""Schemas of event properties: refused when they cannot be relied on, compiled once, compared by what a change breaks.

JSON Schema draft 2020-12, by jsonschema-rs. Nothing is ever fetched, and patterns run on an engine of linear time.

>>> check = compile_schema({"type": "object", "required": ["plan"], "properties": {"plan": {"type": "string"}}})
>>> [(fault.kind, fault.pointer) for fault in check.faults({"plam": "pro"})]
[('extra', '/plam'), ('missing', '/plan')]
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, Protocol

import jsonschema_rs

from martechops.lib.frozen import dataclass

Schema = Mapping[str, Any]

#: Words of each kind of fault, for pages and filters.
KINDS = {
    "nobody": "Names nobody",
    "unplanned": "Not in the catalog",
    "missing": "Missing property",
    "type": "Wrong type",
    "extra": "Extra property",
    "value": "Value not allowed",
    "definition": "Definition cannot be used",
}
#: Deeper or larger than this is no description of an event that a person could read.
DEEPEST, LARGEST = 20, 2_000

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
#: Parts of a schema that hold schemas: by name, in a list, and one.
_BY_NAME = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_IN_LIST = ("allOf", "anyOf", "oneOf", "prefixItems")
_ONE = (
    "items",
    "additionalProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
    "propertyNames",
    "contains",
    "not",
    "if",
    "then",
    "else",
)
#: Where one of these stands, what is "additional" depends on other schemas.
_ELSEWHERE = (*_REFERENCES, "allOf", "anyOf", "oneOf", "if", "dependentSchemas")


class BadSchema(ValueError):
    """The schema cannot be saved; `problems` lists every place with what is wrong there."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{pointer or 'schema'}: {says}" for pointer, says in problems))


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that an event's properties have wrong."""

    #: One of KINDS.
    kind: str
    #: JSON pointer into the properties; of a missing or extra one, where it would stand or stands.
    pointer: str
    says: str


class _Validator(Protocol):
    def is_valid(self, instance: Any) -> bool: ...
    def iter_errors(self, instance: Any) -> Iterator[jsonschema_rs.ValidationError]: ...


@dataclass(frozen=True, slots=True)
class _Plain:
    """A schema that says of each property what it must be, and nothing of several together.

    To say what is wrong with a whole event, the library copies all of it into every error. Asked property by property
    it copies one value, which is four times as fast where one of a dozen is wrong.
    """

    required: tuple[str, ...]
    #: By name; None for a property that may be anything.
    properties: Mapping[str, _Validator | None]
    closed: bool

    def faults(self, values: Mapping[str, Any]) -> Iterator[Fault]:
        for name in self.required:
            if name not in values:
                yield _missing("", name)
        known = self.properties
        if self.closed:
            for name in values.keys() - known.keys():
                yield _extra("", name)
        for name, value in values.items():
            validator = known.get(name)
            if validator is not None and not validator.is_valid(value):
                for error in validator.iter_errors(value):
                    yield from _faults(error, within=f"/{escaped(name)}")


@dataclass(frozen=True, slots=True)
class CompiledSchema:
    """A schema ready for use."""

    validator: _Validator
    plain: _Plain | None = None

    def faults(self, properties: Mapping[str, Any]) -> tuple[Fault, ...]:
        """Everything that is wrong, by place; empty for what is as it should be."""
        if self.validator.is_valid(properties):
            return ()
        if self.plain and isinstance(properties, dict):
            found = [*self.plain.faults(properties)]
        else:
            found = [fault for error in self.validator.iter_errors(properties) for fault in _faults(error)]
        return tuple(sorted(found, key=_place))


def _refers(schema: Schema) -> bool:
    """A reference is followed from the whole schema, of which a part alone knows nothing."""
    return any(word in part for _, part in _parts(schema) for word in _REFERENCES)


_place = attrgetter("pointer", "kind")


def compile_schema(schema: Schema, *, closed: bool = True) -> CompiledSchema:
    """Raises `BadSchema`. With `closed`, properties that the schema does not list are faults; see `close`."""
    found = problems(schema)
    if found:
        raise BadSchema(found)
    made = close(schema) if closed else schema
    return CompiledSchema(_compiled(made), _plain(made))


#: What a plain schema may say of the event as a whole; the last four say nothing of its values.
_PLAIN = frozenset({"type", "properties", "required", "additionalProperties", "title", "description", "$schema", "$id"})


def _plain(schema: Schema) -> _Plain | None:
    """None for a schema that has to be asked as a whole."""
    listed, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    if set(schema) - _PLAIN or not isinstance(others, bool) or schema.get("type", "object") != "object":
        return None
    if not all(isinstance(own, Mapping) and not _refers(own) for own in listed.values()):
        return None
    return _Plain(
        required=tuple(schema.get("required", ())),
        properties={name: _compiled(own) if own else None for name, own in listed.items()},
        closed=not others,
    )


def close(schema: Schema) -> dict[str, Any]:
    """The schema with every object that lists its properties closed against others.

    An object that says something of additional or unevaluated properties itself, or lists none, stays as it is.

    >>> close({"properties": {"plan": {"type": "string"}}})["additionalProperties"]
    False
    >>> close({"properties": {}, "additionalProperties": True})["additionalProperties"]
    True
    """
    return _closed(schema, alone=True)


def _closed(schema: Schema, *, alone: bool) -> dict[str, Any]:
    """`alone`: no other schema speaks of the same value, so that what this one does not list is listed nowhere."""
    made = dict(schema)
    if "properties" in made:
        made["properties"] = {
            name: _closed(part, alone=True) if isinstance(part, Mapping) else part
            for name, part in made["properties"].items()
        }
        if alone and "additionalProperties" not in made and "unevaluatedProperties" not in made:
            shared = any(word in made for word in _ELSEWHERE)
            made["unevaluatedProperties" if shared else "additionalProperties"] = False
    if isinstance(made.get("items"), Mapping):
        made["items"] = _closed(made["items"], alone=True)
    return made


def problems(schema: object) -> list[tuple[str, str]]:
    """Why a schema cannot be relied on: (JSON pointer, what is wrong); empty if it can.

    >>> problems({"properties": {"plan": {"$ref": "https://example.com/plan.json"}}})
    [('/properties/plan/$ref', 'refers to another document; only #/… within this schema is followed')]
    """
    if not isinstance(schema, Mapping):
        return [("", "must be an object such as {type: object, properties: {…}}")]
    found: list[tuple[str, str]] = []
    for number, (pointer, part) in enumerate(_parts(schema)):
        if pointer.count("/") > 2 * DEEPEST or number > LARGEST:
            return [*found, (pointer, f"is too deep or too large: {DEEPEST} levels and {LARGEST} parts at most")]
        found += _references(pointer, part)
    kind = schema.get("type", "object")
    if kind != "object":
        found.append(("/type", "must be object: the properties of an event are one"))
    return found or _refused(schema)


def _parts(schema: Schema, pointer: str = "", depth: int = 0) -> Iterator[tuple[str, Schema]]:
    yield pointer, schema
    if depth > DEEPEST:
        return
    for word in _BY_NAME:
        parts = schema.get(word)
        for name, part in parts.items() if isinstance(parts, Mapping) else ():
            if isinstance(part, Mapping):
                yield from _parts(part, f"{pointer}/{word}/{escaped(str(name))}", depth + 1)
    for word in _IN_LIST:
        listed = schema.get(word)
        for at, part in enumerate(listed) if isinstance(listed, list) else ():
            if isinstance(part, Mapping):
                yield from _parts(part, f"{pointer}/{word}/{at}", depth + 1)
    for word in _ONE:
        if isinstance(part := schema.get(word), Mapping):
            yield from _parts(part, f"{pointer}/{word}", depth + 1)


def _references(pointer: str, part: Schema) -> Iterator[tuple[str, str]]:
    for word in _REFERENCES:
        if word in part and not str(part[word]).startswith("#"):
            yield f"{pointer}/{word}", "refers to another document; only #/… within this schema is followed"
    if pointer and "$id" in part:
        yield f"{pointer}/$id", "changes what references mean; leave it out"


def _refused(schema: Schema) -> list[tuple[str, str]]:
    try:
        _compiled(schema)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        return [(pointer_of(getattr(error, "instance_path", ())), str(getattr(error, "message", error)))]
    except ValueError as error:
        return [("", str(error))]
    return []


def _nowhere(uri: str) -> Any:
    raise ValueError(f"{uri} is not fetched")


def _compiled(schema: Schema) -> _Validator:
    return jsonschema_rs.validator_for(
        dict(schema), retriever=_nowhere, pattern_options=jsonschema_rs.RegexOptions(size_limit=1_000_000)
    )


def _faults(error: jsonschema_rs.ValidationError, *, within: str = "") -> Iterator[Fault]:
    here, kind = within + pointer_of(error.instance_path), error.kind.name
    if kind == "required":
        yield _missing(here, str(error.kind.property))  # type: ignore[attr-defined]
    elif kind in ("additionalProperties", "unevaluatedProperties"):
        for name in error.kind.unexpected:  # type: ignore[attr-defined]
            yield _extra(here, name)
    else:
        yield Fault("type" if kind == "type" else "value", here, error.message)


@lru_cache(maxsize=256)
def _missing(at: str, name: str) -> Fault:
    return Fault("missing", f"{at}/{escaped(name)}", f"{name} is missing")


@lru_cache(maxsize=256)
def _extra(at: str, name: str) -> Fault:
    return Fault("extra", f"{at}/{escaped(name)}", f"{name} is not in the schema")


def pointer_of(path: Sequence[str | int]) -> str:
    """A path as JSON pointer (RFC 6901)."""
    return "".join(f"/{escaped(str(part))}" for part in path)


def escaped(part: str) -> str:
    """One part of a JSON pointer."""
    return part.replace("~", "~0").replace("/", "~1")
