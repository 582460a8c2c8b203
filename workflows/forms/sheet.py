"""A list of like things as rows that people fill in, add, move and remove, and back to what is kept.

A row has a name such as `rules.0`, which its controls' names begin with (`rules.0.points`); it keeps that name for as
long as it is on the page, and rows stand in the order in which the form sends them. What the columns do not show of a
row travels with it unseen, and whatever rows cannot show at all is edited as JSON.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from martechops.lib import strict_json

from . import condition_builder
from .condition_builder import CannotBeShown, Fields, Group, Submitted, Unfinished

Choice = tuple[str, str]
#: Text of a control, whether it is checked, or a rule.
Cell = str | bool | Group
Cells = dict[str, Cell]
MOST_ROWS = 300


@dataclass(frozen=True, slots=True)
class Column:
    """One control of every row."""

    name: str
    label: str
    #: text, number, choice, check, values (one a line, or with commas between) or rule.
    control: str = "text"
    choices: tuple[Choice, ...] = ()
    #: What is offered while a text is typed.
    suggestions: tuple[Choice, ...] = ()
    example: str = ""
    #: Other controls of the row depend on it.
    redraws: bool = False
    #: What a new row begins with.
    default: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where: with the whole list without a row, with the whole row without a column."""

    says: str
    row: int | None = None
    column: str = ""


@dataclass(slots=True)
class Line:
    """One row as its controls hold it."""

    cells: Cells
    #: What no column shows.
    rest: Any = None
    number: int = -1
    problems: dict[str, list[str]] = field(default_factory=dict)


class Layout:
    """How one kind of list is filled in; a subclass for each."""

    #: Its name in style sheets, what one row is called, and what it says when there is none.
    name = "plain"
    item = "row"
    empty = "Nothing yet."
    #: Whether the order of rows means something, so that they can be moved.
    is_ordered = True

    def columns(self) -> Sequence[Column]:
        raise NotImplementedError

    def opened(self, value: Any) -> tuple[list[tuple[Cells, Any]], Any]:
        """Rows with what they do not show, and what the list does not show. Raises `CannotBeShown`."""
        if not isinstance(value, list):
            raise CannotBeShown
        return [self.cells_of(item) for item in value], None

    def closed(self, items: list[Any], rest: Any) -> Any:
        """What is kept of the rows."""
        del rest
        return items

    def cells_of(self, item: Any) -> tuple[Cells, Any]:
        """One row's cells and what they do not show. Raises `CannotBeShown`."""
        raise NotImplementedError

    def item_of(self, cells: Cells, rest: Any) -> Any:
        """What one row is kept as. Raises `Unfinished` for a rule that is not finished."""
        raise NotImplementedError

    def choices(self, column: Column, cells: Cells) -> Sequence[Choice]:
        """What may be chosen in one row."""
        del cells
        return column.choices

    def scope(self, cells: Cells) -> Fields:
        """What a rule of that row may ask about."""
        del cells
        return {}

    def problems(self, items: list[Any]) -> Iterator[Problem]:
        """What is wrong with them, rows counted from 0."""
        del items
        yield from ()


@dataclass(slots=True)
class Sheet:
    """All rows of one list, or its text."""

    name: str
    layout: Layout
    lines: list[Line] = field(default_factory=list)
    rest: Any = None
    #: Not None while it is edited as text.
    text: str | None = None
    problems: list[str] = field(default_factory=list)
    #: The id of the control that has the focus first.
    focus: str = ""
    _value: Any = None

    @property
    def can_be_rows(self) -> bool:
        """Would its text come back from rows as it is?"""
        try:
            return opened(self.name, self.layout, strict_json.loads((self.text or "").encode())).text is None
        except strict_json.BadJson:
            return False

    def changed(self, do: str) -> bool:
        """Do what a button says; False for a button of something else."""
        what, _, name = do.partition(":")
        if name == self.name and what in ("add", "text", "rows"):
            {"add": self._add, "text": self._to_text, "rows": self._to_rows}[what]()
            return True
        for at, line in enumerate(self.lines):
            here = f"{self.name}.{line.number}"
            if name == here and what in ("up", "down", "remove"):
                self._move(at, what)
                return True
            for column in self.layout.columns():
                group = line.cells.get(column.name)
                root = f"{here}.{column.name}"
                if isinstance(group, Group) and (focus := condition_builder.changed(group, do, root=root)):
                    self.focus = focus
                    return True
        return False

    def value(self) -> Any:
        """What is kept of it. Raises `Unfinished` after noting every problem at its place."""
        self.problems = []
        if self.text is not None:
            return self._text_value()
        items, rows = [], []
        for line in self.lines:
            line.problems = {}
            if not self._is_empty(line):
                item = self._item(line)
                items.append(item)
                rows.append(line)
        found = list(self.layout.problems(items)) if not any(line.problems for line in rows) else []
        for problem in found:
            if problem.row is None or problem.row >= len(rows):
                self.problems.append(problem.says)
            else:
                rows[problem.row].problems.setdefault(problem.column, []).append(problem.says)
        if self.problems or any(line.problems for line in self.lines):
            count = len(self.problems) + sum(len(line.problems) for line in self.lines)
            raise Unfinished(f"{count} place{'' if count == 1 else 's'} to mend; each is marked.")
        return self.layout.closed(items, self.rest)

    def attempt(self) -> Any:
        """What it would be kept as, as far as it can be read; for looking at it before it is finished."""
        if self.text is not None:
            try:
                return self._text_value()
            except Unfinished:
                return self.layout.closed([], None)
        items = []
        for line in self.lines:
            if self._is_empty(line):
                continue
            try:
                items.append(self.layout.item_of(line.cells, line.rest))
            except Unfinished:
                continue
        return self.layout.closed(items, self.rest)

    def _item(self, line: Line) -> Any:
        try:
            return self.layout.item_of(line.cells, line.rest)
        except Unfinished as error:
            line.problems.setdefault("", []).append(str(error))
            return None

    def _is_empty(self, line: Line) -> bool:
        columns = self.layout.columns()
        filled = any(_is_filled(line.cells.get(one.name, "")) for one in columns if not one.default)
        return not filled and not line.rest

    def _text_value(self) -> Any:
        try:
            return strict_json.loads((self.text or "").encode())
        except strict_json.BadJson as error:
            self.problems = [f"This is not JSON that can be read: {error}."]
            raise Unfinished(self.problems[0]) from None

    def _add(self) -> None:
        number = max((line.number for line in self.lines), default=-1) + 1
        self.lines.append(Line(cells=blank(self.layout), number=number))
        self.focus = f"{self.name}.{number}.{self.layout.columns()[0].name}"

    def _move(self, at: int, what: str) -> None:
        line = self.lines.pop(at)
        if what == "remove":
            self.focus = f"{self.name}.add"
            return
        self.lines.insert(max(at - 1, 0) if what == "up" else at + 1, line)
        self.focus = f"{self.name}.{line.number}.{what}"

    def _to_text(self) -> None:
        self.text = json.dumps(self.attempt(), indent=2, ensure_ascii=False)
        self.focus = f"{self.name}.text"

    def _to_rows(self) -> None:
        try:
            found = opened(self.name, self.layout, self._text_value())
        except Unfinished:
            return
        if found.text is None:
            self.lines, self.rest, self.text = found.lines, found.rest, None
        else:
            self.problems = ["Rows cannot show all of this, so it stays as text."]


def opened(name: str, layout: Layout, value: Any) -> Sheet:
    """What is kept, as rows; as text where rows would not give the very same back."""
    try:
        rows, rest = layout.opened(value)
        lines = [Line(cells=cells, rest=left, number=at) for at, (cells, left) in enumerate(rows)]
        sheet = Sheet(name, layout, lines, rest)
        items = [layout.item_of(line.cells, line.rest) for line in lines]
        if len(lines) > MOST_ROWS or layout.closed(items, rest) != value:
            raise CannotBeShown
    except (CannotBeShown, Unfinished, TypeError, KeyError, AttributeError):
        return Sheet(name, layout, text=json.dumps(value, indent=2, ensure_ascii=False))
    return sheet


def sent(name: str, layout: Layout, data: Submitted) -> Sheet:
    """What a form sent. Raises `CannotBeShown` for more rows than a page has."""
    if f"{name}.text" in data:
        return Sheet(name, layout, text=_first(data, f"{name}.text"))
    marker = re.compile(rf"{re.escape(name)}\.([0-9]{{1,4}})\.row")
    numbers = [int(match[1]) for key in data if (match := marker.fullmatch(key))]
    if len(numbers) > MOST_ROWS:
        raise CannotBeShown
    lines = [
        Line(cells=_cells(f"{name}.{number}", layout, data), rest=_unseen(data, f"{name}.{number}.row"), number=number)
        for number in numbers
    ]
    return Sheet(name, layout, lines, _unseen(data, f"{name}.rest"))


def blank(layout: Layout) -> Cells:
    """The cells of a new row."""
    return {column.name: _blank(column) for column in layout.columns()}


def _blank(column: Column) -> Cell:
    return Group() if column.control == "rule" else False if column.control == "check" else column.default


def values_text(values: Sequence[Any]) -> str:
    """Several values in one control.

    >>> values_text(["email", "ads"]), values_text(["a, b"])
    ('email, ads', 'a, b\\n')
    """
    texts = [str(value) for value in values]
    return "\n".join([*texts, ""]) if any("," in text for text in texts) else ", ".join(texts)


def values_of(text: Cell) -> list[str]:
    """And back: one a line, or on a single line with commas between."""
    parts = str(text).splitlines() if "\n" in str(text) else str(text).split(",")
    return [part.strip() for part in parts if part.strip()]


def _cells(name: str, layout: Layout, data: Submitted) -> Cells:
    return {column.name: _cell(f"{name}.{column.name}", column, data) for column in layout.columns()}


def _cell(name: str, column: Column, data: Submitted) -> Cell:
    if column.control == "check":
        return bool(_first(data, name))
    if column.control == "rule":
        return _first(data, f"{name}.text") or condition_builder.from_form(data, root=name)
    text = _first(data, name)
    return text.replace("\r\n", "\n") if column.control == "values" else text.strip()


def _first(data: Submitted, name: str) -> str:
    return next(iter(data.getlist(name)), "")


def _unseen(data: Submitted, name: str) -> dict[str, Any] | None:
    """Sent as it was shown, by name; whoever writes something else there is told by the checks on saving."""
    try:
        found = strict_json.loads(_first(data, name).encode() or b"null")
    except strict_json.BadJson:
        return None
    return found if isinstance(found, dict) else None


def _is_filled(cell: Cell) -> bool:
    return bool(cell.members) if isinstance(cell, Group) else bool(cell)
