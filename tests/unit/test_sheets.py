"""Lists as rows: they come back as they were, keep their names while they move, and say at the row what is wrong."""

from typing import Any

import pytest
from django.http import QueryDict

from workflows.engine.conditions import FieldType
from workflows.forms import sheet as sheets
from workflows.forms.condition_builder import CannotBeShown, Fields, Group, Unfinished
from workflows.forms.layouts import MappingRows, NameParts, ScoreRules, Values
from workflows.forms.properties import Properties
from workflows.forms.sheet import Cells, Layout, Sheet


class Points(ScoreRules):
    """With a catalog of its own."""

    def __init__(self) -> None:
        self._schemas = {"Trial Started": {"properties": {"plan": {"type": "string", "enum": ["free", "pro"]}}}}

    def scope(self, cells: Cells) -> Fields:
        known = cells.get("event") in self._schemas
        return {"event.properties.plan": FieldType("picklist", allowed=("free", "pro"))} if known else {}


LAYOUTS: dict[str, Layout] = {
    "values": Values(name="values", item="value", label="Value", empty=""),
    "parts": NameParts(),
    "mapping": MappingRows(targets=(), sources=()),
    "scoring": Points(),
    "schema": Properties(),
}
SHOWN: list[tuple[str, Any]] = [
    ("values", ["New", "Open, again"]),
    ("parts", [{"part": "year", "pattern": "20[0-9]{2}"}, {"part": "channel", "values": ["a", "b, c"]}]),
    ("parts", [{"part": "one", "values": ["a, b"]}, {"part": "two", "pattern": "x", "optional": True}]),
    ("mapping", [{"from": "event.properties.a", "to": "a"}, {"from": "b", "to": "c", "type": "text", "as": "trim"}]),
    ("mapping", [{"from": "n", "to": "n", "type": "number", "default": 4, "required": True}]),
    ("mapping", [{"from": "n", "to": "n", "type": "boolean", "default": False, "allowed": ["x"]}]),
    ("scoring", [{"event": "Trial Started", "points": 5, "says": "tried"}]),
    ("scoring", [{"event": "Trial Started", "points": -5, "when": {"event.properties.plan": "pro"}}]),
    ("scoring", [{"event": "Gone", "points": 5, "when": {"event.properties.x": {"$gt": 3}}}]),
    ("schema", {}),
    ("schema", {"type": "object", "required": ["b", "a"], "properties": {"a": {}, "b": {"type": "string"}}}),
    ("schema", {"properties": {"n": {"type": "integer", "minimum": 1, "enum": [1, 2]}}, "additionalProperties": True}),
    ("schema", {"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {}}}),
    ("schema", {"type": "object", "required": ["else"], "properties": {"d": {"type": "string", "format": "date"}}}),
]
AS_TEXT: list[tuple[str, Any]] = [
    ("values", ["New", 5]),
    ("parts", [{"part": "a", "values": "x"}]),
    ("mapping", {"from": "a", "to": "b"}),
    ("mapping", [{"from": "a", "to": "b", "default": {"x": 1}}]),
    ("scoring", ["Trial Started"]),
    ("schema", {"properties": {"a": {"type": ["string", "null"]}}}),
    ("schema", {"properties": {"a": {"anyOf": [{}]}}, "required": "a"}),
    ("schema", [1]),
]


def sent(name: str, sheet: Sheet) -> QueryDict:
    """What the page's controls send of it."""
    from workflows.forms.rows import page_of

    page = page_of(sheet, address="/")
    data = QueryDict(mutable=True)
    if sheet.text is not None:
        data[f"{name}.text"] = sheet.text
        return data
    data[f"{name}.rest"] = page["rest"]
    for line in page["lines"]:
        data[f"{line.name}.row"] = line.rest
        for cell in line.cells:
            if cell.builder:
                _put_group(cell.builder.root, data)
            elif cell.control == "rule":
                data[f"{cell.name}.text"] = cell.value
            elif cell.control != "check" or cell.is_checked:
                data[cell.name] = "1" if cell.control == "check" else cell.value
    return data


def _put_group(group: Any, data: QueryDict) -> None:
    data[f"{group.name}.group"] = group.kind
    for row in group.members:
        data[f"{row.name}.field"], data[f"{row.name}.operator"] = row.path, row.operator
        data.setlist(f"{row.name}.value", row.chosen)


@pytest.mark.parametrize(("name", "value"), SHOWN)
def test_list_goes_to_the_page_and_back_unchanged(name: str, value: Any) -> None:
    sheet = sheets.opened(name, LAYOUTS[name], value)
    assert sheet.text is None
    assert sheets.sent(name, LAYOUTS[name], sent(name, sheet)).attempt() == value


@pytest.mark.parametrize(("name", "value"), AS_TEXT)
def test_list_that_would_come_back_changed_is_edited_as_text(name: str, value: Any) -> None:
    sheet = sheets.opened(name, LAYOUTS[name], value)
    assert sheet.text is not None
    assert sheets.sent(name, LAYOUTS[name], sent(name, sheet)).value() == value


def test_rows_keep_their_names_while_they_move_and_go() -> None:
    sheet = sheets.opened("values", LAYOUTS["values"], ["a", "b", "c"])
    for do in ("up:values.2", "remove:values.0", "add:values", "down:values.1", "up:values.9", "row:rule"):
        sheet.changed(do)
    assert [(line.number, line.cells["value"]) for line in sheet.lines] == [(2, "c"), (3, ""), (1, "b")]
    assert sheet.attempt() == ["c", "b"]


def test_rows_and_text_are_two_sides_of_one_list() -> None:
    sheet = sheets.opened("schema", Properties(), {"type": "object", "properties": {"a": {"type": "string"}}})
    assert sheet.changed("text:schema")
    sheet.text = (sheet.text or "").replace('"a"', '"b"')
    assert sheet.can_be_rows
    assert sheet.changed("rows:schema")
    assert sheet.value() == {"type": "object", "properties": {"b": {"type": "string"}}}
    sheet.changed("text:schema")
    sheet.text = "{no json"
    sheet.changed("rows:schema")
    assert (sheet.text, sheet.problems[0][:19]) == ("{no json", "This is not JSON th")


@pytest.mark.parametrize(
    ("name", "value", "row", "column", "says"),
    [
        ("values", ["a", "a"], 1, "value", "stands there already"),
        ("parts", [{"part": "y", "pattern": "("}], 0, "pattern", "no regular expression"),
        ("parts", [{"part": "y", "pattern": "x"}, {"part": "z"}], 1, "", "either a pattern or values"),
        ("mapping", [{"from": "a", "to": "b"}, {"from": "a", "to": "email", "type": "text"}], 1, "", "takes the type"),
        ("mapping", [{"from": "a", "to": "b"}, {"from": "c", "to": "b"}], 1, "to", "has a row already"),
        ("scoring", [{"event": "Trial Started", "points": "many"}], 0, "points", "whole number"),
        ("scoring", [{"event": "Gone", "points": 4}], 0, "event", "no such event"),
        ("schema", {"properties": {"": {"type": "string", "description": "x"}}}, 0, "name", "needs a name"),
    ],
)
def test_what_is_wrong_is_said_at_its_row(name: str, value: Any, row: int, column: str, says: str) -> None:
    sheet = sheets.opened(name, LAYOUTS[name], value)
    with pytest.raises(Unfinished):
        sheet.value()
    assert says in " ".join(sheet.lines[row].problems[column])
    assert [at for at, line in enumerate(sheet.lines) if line.problems] == [row]


def test_rule_within_a_row_is_built_where_it_stands() -> None:
    sheet = sheets.opened("scoring", LAYOUTS["scoring"], [{"event": "Trial Started", "points": 1}])
    assert sheet.changed("row:scoring.0.when")
    assert sheet.focus == "scoring.0.when.0.field"
    assert isinstance(sheet.lines[0].cells["when"], Group)
    with pytest.raises(Unfinished):
        sheet.value()


def test_more_rows_than_a_page_has_are_refused() -> None:
    data = QueryDict(mutable=True)
    for number in range(sheets.MOST_ROWS + 1):
        data[f"values.{number}.row"] = ""
    with pytest.raises(CannotBeShown):
        sheets.sent("values", LAYOUTS["values"], data)


@pytest.mark.parametrize("unseen", ["-1", "1e9", '"text"', "[[]]", "true", '{"required": 5}', '{"required": [{}]}'])
@pytest.mark.parametrize("name", LAYOUTS)
def test_unseen_part_that_nobody_was_shown_does_no_harm(name: str, unseen: str) -> None:
    """A browser sends back what it was given; a program sends anything."""
    value = next(value for kind, value in SHOWN if kind == name and value)
    data = sent(name, sheets.opened(name, LAYOUTS[name], value))
    for key in [f"{name}.rest", *(key for key in data if key.endswith(".row"))]:
        data[key] = unseen
    found = sheets.sent(name, LAYOUTS[name], data)
    assert len(found.attempt()) == len(value)
