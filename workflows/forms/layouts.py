"""How each list of a definition is filled in: points, parts of a name, rows of a mapping, values, properties."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from martechops.lib import strict_json
from workflows.engine.coercions import COERCIONS, WAYS
from workflows.engine.mapping import BadMapping, compile_mapping
from workflows.engine.naming import BadConvention, compile_convention
from workflows.engine.scoring import BadScoring, compile_scoring
from workflows.queries import scopes

from . import condition_builder
from .condition_builder import CannotBeShown, Fields, Group
from .sheet import Cell, Cells, Choice, Column, Layout, Problem, values_of, values_text


class Values(Layout):
    """Texts in an order that means something, such as the CRM statuses of a stage."""

    def __init__(self, *, name: str, item: str, label: str, empty: str) -> None:
        self.name, self.item, self.empty = name, item, empty
        self._column = Column("value", label)

    def columns(self) -> Sequence[Column]:
        return [self._column]

    def cells_of(self, item: Any) -> tuple[Cells, Any]:
        if not isinstance(item, str) or not item or item.strip() != item:
            raise CannotBeShown
        return {"value": item}, None

    def item_of(self, cells: Cells, rest: Any) -> Any:
        del rest
        return cells["value"]

    def problems(self, items: list[Any]) -> Iterator[Problem]:
        for at, item in enumerate(items):
            if item in items[:at]:
                yield Problem(f"{item} stands there already.", at, "value")


class ScoreRules(Layout):
    """What an event is worth, perhaps only under a condition on its properties."""

    is_ordered = False
    name, item = "scoring", "rule"
    empty = "No points yet. A rule says what an event is worth."

    def __init__(self) -> None:
        self._schemas = scopes.schemas()

    def columns(self) -> Sequence[Column]:
        return [
            Column("event", "Event", "choice", tuple((name, name) for name in self._schemas), redraws=True),
            Column("points", "Points", "number", example="10"),
            Column("says", "In words", example="asked for a demo"),
            Column("when", "Only if", "rule"),
        ]

    def scope(self, cells: Cells) -> Fields:
        return scopes.of_schema(self._schemas.get(str(cells.get("event")), {}))

    def cells_of(self, item: Any) -> tuple[Cells, Any]:
        if not isinstance(item, Mapping):
            raise CannotBeShown
        cells: Cells = {name: str(item.get(name, "")) for name in ("event", "points", "says")}
        cells["when"] = _rule_cell(item.get("when"), self.scope(cells))
        return cells, _unseen(item, ("event", "points", "says", "when"))

    def item_of(self, cells: Cells, rest: Any) -> Any:
        item: dict[str, Any] = {**(rest or {}), "event": cells["event"], "points": _number(cells["points"])}
        if cells["says"]:
            item["says"] = cells["says"]
        when = _rule_of(cells["when"], self.scope(cells))
        return item | {"when": when} if when else item

    def problems(self, items: list[Any]) -> Iterator[Problem]:
        for at, item in enumerate(items):
            try:
                compile_scoring(rules=[item])
            except BadScoring as error:
                yield from (_placed(path, says, at) for path, says in error.problems)
            if item["event"] and item["event"] not in self._schemas:
                yield Problem("There is no such event in the catalog.", at, "event")


class NameParts(Layout):
    """Parts of a name: each one of allowed values, or what a pattern matches."""

    name, item = "parts", "part"
    empty = "No parts yet. A name is made of one at least."

    def columns(self) -> Sequence[Column]:
        return [
            Column("part", "Part", example="channel"),
            Column("values", "Allowed values", "values", example="email, ads"),
            Column("pattern", "Or a pattern", example="20[0-9]{2}"),
            Column("optional", "May be left out", "check"),
        ]

    def cells_of(self, item: Any) -> tuple[Cells, Any]:
        if not isinstance(item, Mapping) or not isinstance(item.get("values", []), list):
            raise CannotBeShown
        return {
            "part": str(item.get("part", "")),
            "values": values_text(item.get("values", [])),
            "pattern": str(item.get("pattern", "")),
            "optional": item.get("optional", False) is True,
        }, _unseen(item, ("part", "values", "pattern", "optional"))

    def item_of(self, cells: Cells, rest: Any) -> Any:
        item: dict[str, Any] = {**(rest or {}), "part": cells["part"]}
        if values := values_of(cells["values"]):
            item["values"] = values
        if cells["pattern"]:
            item["pattern"] = cells["pattern"]
        return item | {"optional": True} if cells["optional"] else item

    def problems(self, items: list[Any]) -> Iterator[Problem]:
        try:
            compile_convention(items)
        except BadConvention as error:
            yield from (_placed(path, says) for path, says in error.problems)


class BlockChoices(Layout):
    """What each segment reads; the first that somebody is in counts."""

    name, item = "choices", "choice"
    empty = "No segment reads anything of its own yet: everybody reads the fallback."

    def __init__(self, segments: Sequence[Choice]) -> None:
        self._segments = tuple(segments)

    def columns(self) -> Sequence[Column]:
        return [
            Column("segment", "Segment", "choice", self._segments),
            Column("text", "Reads", example="We call you today."),
        ]

    def cells_of(self, item: Any) -> tuple[Cells, Any]:
        if not isinstance(item, Mapping) or not all(isinstance(item.get(name), str) for name in ("segment", "text")):
            raise CannotBeShown
        if "\n" in item["text"]:
            raise CannotBeShown
        return {"segment": item["segment"], "text": item["text"]}, _unseen(item, ("segment", "text"))

    def item_of(self, cells: Cells, rest: Any) -> Any:
        return {**(rest or {}), "segment": cells["segment"], "text": cells["text"]}

    def problems(self, items: list[Any]) -> Iterator[Problem]:
        known = dict(self._segments)
        for at, item in enumerate(items):
            if item["segment"] not in known:
                yield Problem("Choose a segment.", at, "segment")
            if not item["text"]:
                yield Problem("Say what they read.", at, "text")


class MappingRows(Layout):
    """One field to another: read how, from where, and what if it is not there."""

    name, item = "mapping", "row"
    empty = "No rows yet. A row takes one value of an event to one field."
    _SEEN = ("from", "to", "type", "as", "timezone", "default", "allowed", "required")

    def __init__(self, *, targets: Sequence[Choice], sources: Sequence[Choice]) -> None:
        self._targets, self._sources = tuple(targets), tuple(sources)

    def columns(self) -> Sequence[Column]:
        return [
            Column("from", "From", suggestions=self._sources, example="event.properties.email"),
            Column("to", "To", suggestions=self._targets, example="email"),
            Column("type", "Type", "choice", (("", "text, as usual"), *((kind, kind) for kind in WAYS)), redraws=True),
            Column("as", "Read as", "choice"),
            Column("default", "Default"),
            Column("allowed", "Allowed", "values", example="any"),
            Column("timezone", "Time zone", example="UTC"),
            Column("required", "Required", "check"),
        ]

    def choices(self, column: Column, cells: Cells) -> Sequence[Choice]:
        if column.name != "as":
            return column.choices
        ways = WAYS.get(str(cells.get("type") or "text"), ())
        return [("", f"{COERCIONS[ways[0]].words} (as usual)") if ways else ("", "as usual")] + [
            (way, COERCIONS[way].words) for way in ways
        ]

    def cells_of(self, item: Any) -> tuple[Cells, Any]:
        if not isinstance(item, Mapping) or not isinstance(item.get("allowed", []), list):
            raise CannotBeShown
        cells: Cells = {name: _shown(item.get(name)) for name in ("from", "to", "type", "as", "timezone", "default")}
        cells |= {"allowed": values_text(item.get("allowed", [])), "required": item.get("required", False) is True}
        return cells, _unseen(item, self._SEEN)

    def item_of(self, cells: Cells, rest: Any) -> Any:
        item: dict[str, Any] = {**(rest or {}), "from": cells["from"], "to": cells["to"]}
        item |= {name: cells[name] for name in ("type", "as", "timezone") if cells[name]}
        if cells["default"] != "":
            item["default"] = _default(str(cells["default"]), str(cells["type"]))
        if allowed := values_of(cells["allowed"]):
            item["allowed"] = allowed
        return item | {"required": True} if cells["required"] else item

    def problems(self, items: list[Any]) -> Iterator[Problem]:
        for at, item in enumerate(items):
            try:
                compile_mapping(key="", rows=[item])
            except BadMapping as error:
                for says in str(error).split("; , row 1: "):
                    yield Problem(_sentence(says.removeprefix(", row 1: ")), at)
            if item["to"] and item["to"] in [before["to"] for before in items[:at]]:
                yield Problem(f"{item['to']} has a row already.", at, "to")


def _rule_cell(document: Any, scope: Fields) -> Cell:
    if not document:
        return Group()
    try:
        return condition_builder.from_document(document, scope)
    except (CannotBeShown, AttributeError):
        return json.dumps(document, ensure_ascii=False)


def _rule_of(cell: Cell, scope: Fields) -> Any:
    """Raises `Unfinished`."""
    if isinstance(cell, Group):
        return condition_builder.to_document(cell, scope) if cell.members else None
    try:
        return strict_json.loads(str(cell).encode()) if cell else None
    except strict_json.BadJson as error:
        raise condition_builder.Unfinished(f"The condition is not JSON that can be read: {error}.") from None


def _unseen(item: Mapping[str, Any], seen: Sequence[str]) -> dict[str, Any] | None:
    return {name: value for name, value in item.items() if name not in seen} or None


def _number(text: Cell) -> Any:
    try:
        return int(str(text))
    except ValueError:
        return text


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        raise CannotBeShown
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _default(text: str, kind: str) -> Any:
    """As its type spells it in a file; what does not fit stays text, and the checks say so."""
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind == "number":
        for read in (int, float):
            try:
                return read(text)
            except ValueError:
                continue
    return text


def _placed(path: str, says: str, at: int | None = None) -> Problem:
    """A problem at `parts[2].pattern`; `at` stands for the row where rows were checked one by one."""
    found = re.match(r"\w+\[(\d+)\](?:\.(\w+))?(.*)", path)
    if not found:
        return Problem(_sentence(says), at)
    column, further = found[2] or "", found[3].lstrip(".")
    return Problem(_sentence(f"{further} {says}" if further else says), int(found[1]) if at is None else at, column)


def _sentence(says: str) -> str:
    return f"{says[:1].upper()}{says[1:].removesuffix('.')}."
