"""What JSON Schema finds in a document, in words for the person who wrote it."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

import jsonschema_rs

from martechops.lib.strict_yaml import Path
from workflows.engine.references import words
from workflows.workspace import schemas

#: Rules are compiled by `engine.conditions`, which says more of them than a schema can.
_SAID_ELSEWHERE = frozenset({"condition", "wanted"})


def faults(kind: str, document: Any) -> Iterator[tuple[Path, str]]:
    """Unknown names, wrong types and values out of bounds, each with the way to it; rules are left to others."""
    for error in _validator(kind).iter_errors(document):
        if not _SAID_ELSEWHERE & {str(part) for part in error.schema_path}:
            yield from _said(kind, error)


@cache
def _validator(kind: str) -> Any:
    return jsonschema_rs.validator_for(schemas.of(kind))


def _said(kind: str, error: Any) -> Iterator[tuple[Path, str]]:
    path: Path = tuple(error.instance_path)
    found = error.kind
    if found.name == "additionalProperties":
        known = _known_at(kind, error.schema_path)
        for name in found.unexpected:
            yield (*path, name), f"{words((*path, name))} is not known; {_hint(name, known)}"
    elif found.name == "required":
        yield path, f"{words((*path, found.property))} is missing"
    else:
        yield path, f"{words(path) or 'it'} {_expected(found, error.instance)}"


def _known_at(kind: str, schema_path: list[str | int]) -> list[str]:
    """The names that the schema has where an unknown one was found."""
    place: Any = schemas.of(kind)
    for part in schema_path[:-1]:
        place = place[part]
    return list(place.get("properties", {}))


def _hint(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"known here are {', '.join(known)}"


def _expected(found: Any, value: Any) -> str:
    shown = repr(value) if isinstance(value, str) else str(value)
    shown = shown if len(shown) < 60 else f"{shown[:57]}..."
    match found.name:
        case "type":
            wanted = " or ".join(sorted(_TYPES.get(one, one) for one in found.types))
            return f"must be {wanted}; it is {_kind_of(value)}"
        case "enum":
            return f"must be one of {', '.join(str(one) for one in found.options if one)}; it is {shown}"
        case "minLength" | "minItems" | "minProperties":
            return "must not be empty"
        case "maxLength":
            return f"is longer than {found.limit} characters"
        case "pattern":
            return f"is {shown}; only letters, digits, - and _ may stand there"
        case "minimum" | "maximum":
            return f"must be {'at least' if found.name == 'minimum' else 'at most'} {found.limit}; it is {shown}"
        case "uniqueItems":
            return "holds something twice"
        case _:
            return f"cannot be {shown}"


_TYPES: Mapping[str, str] = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping of names to values",
    "null": "nothing",
}


def _kind_of(value: Any) -> str:
    if value is None:
        return "nothing"
    kinds = ((bool, "true or false"), (str, "text"), (int | float, "a number"), (list, "a list"))
    return next((says for kind, says in kinds if isinstance(value, kind)), "a mapping")
