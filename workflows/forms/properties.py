"""The properties of an event as rows, and the JSON Schema that they make; what rows do not show of it stays in it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workflows.engine import schemas

from .condition_builder import CannotBeShown
from .sheet import Cells, Column, Layout, Problem, values_of, values_text

#: What a property may be, by the word in the form: what its schema says.
KINDS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "text": ("Text", {"type": "string"}),
    "number": ("Number", {"type": "number"}),
    "integer": ("Whole number", {"type": "integer"}),
    "boolean": ("Yes or no", {"type": "boolean"}),
    "date": ("Date", {"type": "string", "format": "date"}),
    "datetime": ("Date and time", {"type": "string", "format": "date-time"}),
    "email": ("E-mail address", {"type": "string", "format": "email"}),
    "url": ("URL", {"type": "string", "format": "uri"}),
    "list": ("List", {"type": "array"}),
    "object": ("Object", {"type": "object"}),
    "any": ("Anything", {}),
}
_WORDS = ("type", "format", "enum", "description")


class Properties(Layout):
    """Name, type, whether it must be there, what it may be, and what it means."""

    name, item = "properties", "property"
    is_ordered = False
    empty = "No properties yet. What is not listed is a fault once the event type is agreed."

    def columns(self) -> Sequence[Column]:
        return [
            Column("name", "Property", example="plan"),
            Column(
                "type", "Type", "choice", tuple((name, words) for name, (words, _) in KINDS.items()), default="text"
            ),
            Column("enum", "Allowed", "values", example="any"),
            Column("description", "Meaning"),
            Column("required", "Required", "check"),
        ]

    def opened(self, value: Any) -> tuple[list[tuple[Cells, Any]], Any]:
        schema = value if isinstance(value, Mapping) else {}
        properties, required = schema.get("properties", {}), schema.get("required", [])
        if not isinstance(value, Mapping) or not isinstance(properties, Mapping) or not isinstance(required, list):
            raise CannotBeShown
        # The database keeps no order of names: what must be there comes first.
        names = sorted(properties, key=lambda name: (name not in required, name))
        rows = [_row(name, properties[name], is_required=name in required) for name in names]
        rest = {word: part for word, part in schema.items() if word != "properties"}
        if schema and "type" not in schema:
            rest["type"] = None
        return rows, rest or None

    def closed(self, items: list[Any], rest: Any) -> Any:
        kept = {"type": "object"} | (dict(rest) if isinstance(rest, Mapping) else {})
        before = _texts(kept.pop("required", []))
        properties = {name: part for name, part, _ in items}
        if not properties and not before and kept == {"type": "object"}:
            return {}
        # In the order that it had, so that what nobody changed reads as it did.
        needed = [name for name, _, is_required in items if is_required]
        required = [name for name in before if name in needed or name not in properties]
        required += [name for name in needed if name not in required]
        kept = {word: part for word, part in kept.items() if part is not None}
        kind = {"type": kept.pop("type")} if "type" in kept else {}
        return kind | ({"required": required} if required else {}) | {"properties": properties} | kept

    def item_of(self, cells: Cells, rest: Any) -> Any:
        part: dict[str, Any] = dict(KINDS.get(str(cells["type"]), KINDS["text"])[1])
        if values := values_of(cells["enum"]):
            part["enum"] = [_typed(value, str(cells["type"])) for value in values]
        if cells["description"]:
            part["description"] = cells["description"]
        return str(cells["name"]), part | (rest or {}), bool(cells["required"])

    def problems(self, items: list[Any]) -> Iterator[Problem]:
        for at, (name, part, _) in enumerate(items):
            if not name:
                yield Problem("A property needs a name.", at, "name")
            elif name in [before for before, _, _ in items[:at]]:
                yield Problem(f"{name} stands there already.", at, "name")
            # What refers to another part of the schema is judged with the whole of it, on saving.
            alone = "$ref" not in str(part)
            for pointer, says in schemas.problems({"properties": {"it": part}}) if alone else ():
                yield Problem(f"{pointer.removeprefix('/properties/it').lstrip('/')} {says}".strip(), at)


def _row(name: str, part: Any, *, is_required: bool) -> tuple[Cells, Any]:
    if not isinstance(part, Mapping) or not isinstance(part.get("enum", []), list):
        raise CannotBeShown
    said = {word: part[word] for word in ("type", "format") if word in part}
    kind = next((kind for kind, (_, says) in KINDS.items() if says == said), None)
    if kind is None:
        raise CannotBeShown
    cells: Cells = {
        "name": name,
        "type": kind,
        "enum": values_text(part.get("enum", [])),
        "description": str(part.get("description", "")),
        "required": is_required,
    }
    return cells, {word: value for word, value in part.items() if word not in _WORDS} or None


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _typed(value: str, kind: str) -> Any:
    if kind in ("number", "integer"):
        for read in (int, float):
            try:
                return read(value)
            except ValueError:
                continue
    return {"true": True, "false": False}.get(value, value) if kind == "boolean" else value
