"""How a scenario is filled in: who, what happens, and what is expected, each a list of rows."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from martechops.lib import strict_json
from workflows.engine.scenarios import BadScenario, read
from workflows.engine.scenarios.reading import EVERYTHING, INVARIANTS
from workflows.engine.scenarios.scenario import CLAIMS, DEEDS

from .condition_builder import CannotBeShown, Unfinished
from .sheet import Cells, Choice, Column, Layout, Problem

#: What may be known of somebody, with what its value is.
_KNOWN: Sequence[Choice] = (
    ("lead", "kind of lead (described, willing, bare)"),
    ("email", "e-mail address"),
    ("stage", "lifecycle stage"),
    ("score", "score"),
    ("consent.email", "consent for e-mail"),
    ("people", "people who are asked (silent, agree)"),
    ("known", "known before (true, false)"),
    ("starts", "when the story begins"),
)
_DEEDS: Mapping[str, str] = {
    "event": "an event comes in",
    "begins": "what begins the workflow",
    "consent": "states consent for",
    "unsubscribes": "unsubscribes from",
    "sets": "the CRM sets fields",
    "stage": "is moved to stage",
    "answers": "somebody answers",
}
_CLAIMS: Mapping[str, str] = {
    "done": "is done",
    "withheld": "is withheld",
    "field": "field is",
    "stage": "stage is",
    "enters": "enters, so many times",
    "ends": "the run is",
    "holds": "always holds",
    "nothing_else": "nothing else",
}
_NESTED = ("consent", "fields", "known_as")
#: Claims that take a value besides what they name.
_WITH_VALUE = {"done": "times", "withheld": "because", "field": "is"}
_ALONE = {"event": "properties", "begins": "properties"}


class Known(Layout):
    """What is known of somebody before the story begins: a name and a value each."""

    name, item = "known", "fact"
    is_ordered = False
    empty = "Nothing but an address is known."

    def __init__(self, fields: Sequence[Choice] = ()) -> None:
        self._suggestions = (*_KNOWN, *((f"fields.{key}", label) for key, label in fields))

    def columns(self) -> Sequence[Column]:
        return [
            Column("name", "What", suggestions=self._suggestions, example="fields.company_size"),
            Column("value", "Value", example="granted"),
        ]

    def opened(self, value: Any) -> tuple[list[tuple[Cells, Any]], Any]:
        if not isinstance(value, Mapping):
            raise CannotBeShown
        flat: dict[str, Any] = {}
        for name, said in value.items():
            if name in _NESTED and isinstance(said, Mapping) and said:
                flat |= {f"{name}.{part}": inner for part, inner in said.items()}
            else:
                flat[name] = said
        return [({"name": name, "value": _text(said)}, None) for name, said in flat.items()], None

    def closed(self, items: list[Any], rest: Any) -> Any:
        del rest
        given: dict[str, Any] = {}
        for name, value in items:
            first, _, last = name.partition(".")
            if last and first in _NESTED:
                given.setdefault(first, {})[last] = value
            else:
                given[name] = value
        return given

    def item_of(self, cells: Cells, rest: Any) -> Any:
        del rest
        return str(cells["name"]), _value(cells["value"])

    def problems(self, items: list[Any]) -> Iterator[Problem]:
        for at, (name, value) in enumerate(items):
            yield from _found({"given": self.closed([(name, value)], None)}, at)


class Moments(Layout):
    """What happens, each at its time since the story began."""

    name, item = "moments", "moment"
    empty = "Nothing happens yet."

    def __init__(self, names: Sequence[Choice] = ()) -> None:
        self._names = tuple(names)

    def columns(self) -> Sequence[Column]:
        return [
            Column("after", "After", example="2 days"),
            Column("does", "What happens", "choice", tuple(_DEEDS.items())),
            Column("name", "Which", suggestions=self._names, example="Demo Requested"),
            Column("values", "With", example='{"plan": "pro"}'),
        ]

    def cells_of(self, item: Any) -> tuple[Cells, Any]:
        does = _kind(item, DEEDS)
        values = item[does] if does in ("consent", "sets") else item.get("properties")
        name = item[does] if isinstance(item[does], str) else ""
        cells: Cells = {"after": str(item.get("after", "")), "does": does, "name": name, "values": _json(values)}
        seen = ("after", does, *(("properties",) if does in _ALONE else ()))
        return cells, {key: value for key, value in item.items() if key not in seen} or None

    def item_of(self, cells: Cells, rest: Any) -> Any:
        does, values = str(cells["does"]), _object(cells["values"])
        item: dict[str, Any] = {"after": cells["after"]} if cells["after"] else {}
        if does in ("consent", "sets"):
            item[does] = values or {}
        else:
            item[does] = True if does == "begins" else cells["name"]
            if values:
                item["properties"] = values
        return item | (rest or {})

    def problems(self, items: list[Any]) -> Iterator[Problem]:
        for at, item in enumerate(items):
            yield from _found({"when": [item]}, at)


class Claims(Layout):
    """What is expected of it."""

    name, item = "claims", "expectation"
    empty = "Nothing is expected yet."

    def __init__(self, names: Sequence[Choice] = ()) -> None:
        self._names = (*names, *((key, says) for key, says in INVARIANTS.items()), (EVERYTHING, "all of these"))

    def columns(self) -> Sequence[Column]:
        return [
            Column("kind", "Expected", "choice", tuple(_CLAIMS.items())),
            Column("what", "Which", suggestions=self._names, example="welcome"),
            Column("value", "Times, value or reason", example="1"),
            Column("within", "Within", example="1 day"),
        ]

    def cells_of(self, item: Any) -> tuple[Cells, Any]:
        kind = _kind(item, CLAIMS)
        value = _WITH_VALUE.get(kind, "")
        shown = item[kind] if kind == "enters" else item.get(value)
        what = item[kind] if isinstance(item[kind], str) else ""
        cells: Cells = {
            "kind": kind,
            "what": what,
            "value": "" if shown is None else _text(shown),
            "within": str(item.get("within", "")),
        }
        return cells, {key: part for key, part in item.items() if key not in (kind, value, "within")} or None

    def item_of(self, cells: Cells, rest: Any) -> Any:
        kind, held = str(cells["kind"]), cells["value"]
        item: dict[str, Any] = {kind: True if kind == "nothing_else" else cells["what"]}
        if kind == "enters":
            item[kind] = _value(held)
        elif kind in _WITH_VALUE and (held != "" or kind == "field"):
            item[_WITH_VALUE[kind]] = str(held) if kind == "withheld" else _value(held) if held != "" else None
        if cells["within"]:
            item["within"] = cells["within"]
        return item | (rest or {})

    def problems(self, items: list[Any]) -> Iterator[Problem]:
        for at, item in enumerate(items):
            yield from _found({"then": [item]}, at)


def _kind(item: Any, kinds: Sequence[str]) -> str:
    found = [kind for kind in kinds if kind in item] if isinstance(item, Mapping) else []
    if len(found) != 1:
        raise CannotBeShown
    return found[0]


def _found(part: Mapping[str, Any], at: int) -> Iterator[Problem]:
    """What the reader says of one row, beside the row."""
    whole: dict[str, Any] = {"key": "k", "name": "n", "when": [{"begins": True}], "then": [{"enters": 1}], **part}
    try:
        read(whole)
    except BadScenario as error:
        for path, says in error.problems:
            place = path.partition("]")[2].lstrip(".") or path.partition(".")[2]
            yield Problem(f"{place} {says}".strip().capitalize().removesuffix(".") + ".", at)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _value(cell: Any) -> Any:
    """A number, true or false, nothing, or something in JSON where it reads as that; else the text as it stands."""
    try:
        return strict_json.loads(str(cell).encode())
    except strict_json.BadJson:
        return str(cell)


def _json(value: Any) -> str:
    return "" if not value else json.dumps(value, ensure_ascii=False)


def _object(cell: Any) -> dict[str, Any] | None:
    if not str(cell).strip():
        return None
    found = _value(cell)
    if not isinstance(found, dict):
        raise Unfinished('"With" holds names with their values as JSON, such as {"plan": "pro"}.')
    return found
