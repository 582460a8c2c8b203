"""A form's field that is filled in by rows (`workflows.forms.sheet`), and how a page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from . import sheet as sheets
from .builder_page import Builder, shown
from .condition_builder import Group, Unfinished
from .sheet import Choice, Column, Layout, Line, Sheet


@dataclass(frozen=True, slots=True)
class ShownCell:
    """One control of one row."""

    name: str
    label: str
    control: str
    value: str
    is_checked: bool
    choices: Sequence[Choice]
    suggestions: str
    example: str
    redraws: bool
    problems: Sequence[str]
    builder: Builder | None = None
    has_focus: bool = False


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One row of controls."""

    name: str
    label: str
    cells: Sequence[ShownCell]
    rest: str
    #: What the row holds that no control shows, in a few words.
    unseen: str
    problems: Sequence[str]
    focus: str


class RowsWidget(forms.Widget):
    """Rows; what they hold is read from the form once, so that problems noted at a row are still there when shown."""

    template_name = "workflows/sheet.html"
    use_fieldset = True
    address = ""

    def __init__(self, layout: Layout | None = None) -> None:
        super().__init__()
        self.layout = layout
        self.sheet: Sheet | None = None

    def use_required_attribute(self, initial: Any) -> bool:
        del initial
        return False

    def id_for_label(self, id_: str) -> str:
        del id_
        return ""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Sheet:
        del files
        if self.sheet is None:
            self.sheet = sheets.sent(name, self._layout(), data)
        return self.sheet

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        del files
        return not any(key.startswith(f"{name}.") for key in data)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        del attrs, renderer
        found = value if isinstance(value, Sheet) else sheets.opened(name, self._layout(), value)
        return render_to_string(self.template_name, page_of(found, address=self.address))

    def _layout(self) -> Layout:
        if self.layout is None:
            raise TypeError("a form gives the widget its layout before it is shown")
        return self.layout


class Rows(forms.Field):
    """A list, or for some layouts another structure, that is made of rows."""

    widget = RowsWidget

    def clean(self, value: Any) -> Any:
        try:
            found = value.value()
        except Unfinished as error:
            raise forms.ValidationError(str(error)) from None
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return not isinstance(data, Sheet) or bool(data.attempt() != initial)


def page_of(sheet: Sheet, *, address: str) -> dict[str, Any]:
    """What the template needs."""
    columns = list(sheet.layout.columns())
    return {
        "sheet": sheet,
        "layout": sheet.layout,
        "address": address,
        "target": f"sheet-{sheet.name}",
        "columns": columns,
        "lines": [_line(sheet, line, columns, at) for at, line in enumerate(sheet.lines, start=1)],
        "rest": _json(sheet.rest),
        "suggestions": [(f"{sheet.name}-{c.name}-list", c.suggestions) for c in columns if c.suggestions],
        "can_be_rows": sheet.text is not None and sheet.can_be_rows,
        "focus": sheet.focus,
    }


def _line(sheet: Sheet, line: Line, columns: Sequence[Column], at: int) -> ShownLine:
    name = f"{sheet.name}.{line.number}"
    known = {column.name for column in columns}
    return ShownLine(
        name=name,
        label=f"{sheet.layout.item.capitalize()} {at}",
        cells=[_cell(sheet, line, column, name) for column in columns],
        rest=_json(line.rest),
        unseen=_unseen_words(line.rest),
        problems=[says for column, told in line.problems.items() if column not in known for says in told],
        focus=sheet.focus,
    )


def _cell(sheet: Sheet, line: Line, column: Column, row: str) -> ShownCell:
    name, held = f"{row}.{column.name}", line.cells.get(column.name, "")
    scope = sheet.layout.scope(line.cells) if column.control == "rule" else {}
    choices = list(sheet.layout.choices(column, line.cells))
    if column.control == "choice" and held not in dict(choices):
        choices.insert(0, (str(held), f"{held} (not there)" if held else "Choose"))
    return ShownCell(
        name=name,
        label=column.label,
        control=column.control,
        value="" if isinstance(held, Group) else str(held),
        is_checked=held is True,
        choices=choices,
        suggestions=f"{sheet.name}-{column.name}-list" if column.suggestions else "",
        example=column.example,
        redraws=column.redraws,
        problems=line.problems.get(column.name, ()),
        builder=shown(held, scope, root=name, focus=sheet.focus, about="the rule") if isinstance(held, Group) else None,
        has_focus=sheet.focus == name,
    )


def _json(value: Any) -> str:
    return "" if value is None else orjson.dumps(value).decode()


def _unseen_words(rest: Any) -> str:
    if not isinstance(rest, dict):
        return ""
    return ", ".join(f"{name} {value}" if not isinstance(value, dict | list) else name for name, value in rest.items())
