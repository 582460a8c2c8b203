"""What conditions, dotted paths and people's texts refer to."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from martechops.lib import liquid

from .places import Path, Reference, listed, one


def condition(document: Any, at: Path) -> Iterator[Reference]:
    """Fields, values and segments that a condition asks for."""
    if not isinstance(document, Mapping):
        return
    for name, wanted in document.items():
        here = (*at, name)
        if isinstance(wanted, list) and name in ("$and", "$or", "$nor"):
            for i, part in enumerate(wanted):
                yield from condition(part, (*here, i))
        elif name == "$not":
            yield from condition(wanted, here)
        elif name == "segment":
            yield from one(document, name, "segment", at)
        else:
            yield from in_path(str(name), here)
            yield from in_wanted(str(name), wanted, here)


def in_wanted(path: str, wanted: Any, at: Path) -> Iterator[Reference]:
    """What the values that a path is compared with name: events, stages, values of picklists."""
    if isinstance(wanted, Mapping):
        for operator, inner in wanted.items():
            yield from in_wanted(path, inner, (*at, operator))
    elif isinstance(wanted, list):
        for i, inner in enumerate(wanted):
            yield from in_wanted(path, inner, (*at, i))
    elif isinstance(wanted, str):
        if path == "event.name":
            yield Reference("event-type", wanted, at)
        elif path.startswith(("contact.", "event.properties.", "event.traits.")):
            yield from in_value(
                path.removeprefix("contact.").rpartition("properties.")[2].rpartition("traits.")[2], wanted, at
            )


def in_value(field: str, value: str, at: Path) -> Iterator[Reference]:
    """A value of a field; one of the lifecycle is a stage."""
    if field == "lifecycle_stage":
        yield Reference("stage", value, at)
    else:
        yield Reference(f"value:{field}", value, at)


def in_path(path: str, at: Path) -> Iterator[Reference]:
    """What a dotted path reads: a field, a block, a property of an event."""
    if path.startswith("contact."):
        yield Reference("field", path.removeprefix("contact."), at)
    elif path.startswith("block."):
        yield Reference("block", path.removeprefix("block."), at)
    elif path.startswith("event.properties."):
        yield Reference("event-property", path.removeprefix("event.properties."), at)


def in_paths(document: Mapping[str, Any], name: str, at: Path) -> Iterator[Reference]:
    """A list of dotted paths."""
    for i, path in enumerate(listed(document, name)):
        yield from in_path(str(path), (*at, name, i))


_ANY_COMPARED = re.compile(r"""contact\.([\w.]+)\s*(?:==|!=|contains)\s*["']([^"']*)["']""")


def in_text(text: str, at: Path) -> Iterator[Reference]:
    """A message's variables, and the values that it compares them with."""
    try:
        variables = liquid.variables(text)
    except liquid.BadTemplate:
        return
    for variable in variables:
        yield from in_path(variable, at)
    for field, value in dict.fromkeys(_ANY_COMPARED.findall(text)):
        kind = "stage" if field == "lifecycle_stage" else f"value:{field}"
        yield Reference(kind, value, at, compared_with=field)
