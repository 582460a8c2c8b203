"""A place in a document that names something, and reading documents whose shape nobody has checked yet."""

from collections.abc import Iterator, Mapping
from typing import Any

from martechops.lib.frozen import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """One place that names something else.

    Kinds are those of definitions, and besides "team", "event-property" (`<event>/<property>` or `/<property>`),
    "value:<field>" for one value of a picklist, "report" (a kind of report, or the key of a metric), "action" and
    "channel".
    """

    kind: str
    key: str
    path: Path
    #: The name stands within a message's text, in quotes after this field.
    compared_with: str = ""


def words(path: Path) -> str:
    """
    >>> words(("steps", 2, "with", "template"))
    'steps[2].with.template'
    """
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def one(document: Mapping[str, Any], name: str, kind: str, at: Path) -> Iterator[Reference]:
    """The name that stands there, if one does."""
    if isinstance(document.get(name), str) and document[name]:
        yield Reference(kind, document[name], (*at, name))


def each(document: Mapping[str, Any], name: str, kind: str, at: Path) -> Iterator[Reference]:
    """One name, or a list of names."""
    yield from one(document, name, kind, at)
    for i, key in enumerate(listed(document, name)):
        if isinstance(key, str):
            yield Reference(kind, key, (*at, name, i))


def listed(document: Mapping[str, Any], name: str) -> list[Any]:
    """The list that stands there; none where something else does."""
    found = document.get(name)
    return found if isinstance(found, list) else []


def mapping(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """As `listed`, of a mapping."""
    found = document.get(name)
    return found if isinstance(found, Mapping) else {}


def items(document: Mapping[str, Any], name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The mappings of a list, with their places."""
    for i, item in enumerate(listed(document, name)):
        if isinstance(item, Mapping):
            yield i, item
