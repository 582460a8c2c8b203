"""The lists within a definition as tables, with the very columns that they are edited in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflows.engine.conditions import condition_words
from workflows.forms.condition_builder import Group, to_document
from workflows.forms.layouts import BlockChoices, MappingRows, NameParts, ScoreRules
from workflows.forms.properties import KINDS, Properties
from workflows.forms.scenario_rows import Claims, Known, Moments
from workflows.forms.sheet import Column, Layout, Line, opened


@dataclass(frozen=True, slots=True)
class Shown:
    """One part of a definition: a table, or whatever the page makes of its value."""

    name: str
    value: Any
    headings: Sequence[str] = ()
    #: Each cell with its heading.
    lines: Sequence[Sequence[tuple[str, str]]] = ()
    #: What is to be read as JSON, because rows cannot show it.
    is_raw: bool = False


_LAYOUTS: Mapping[tuple[str, str], Callable[[], Layout]] = {
    ("event-type", "schema"): Properties,
    ("mapping", "rows"): lambda: MappingRows(targets=(), sources=()),
    ("block", "choices"): lambda: BlockChoices(()),
    ("convention", "parts"): NameParts,
    ("scoring", "rules"): ScoreRules,
    ("scenario", "given"): Known,
    ("scenario", "when"): Moments,
    ("scenario", "then"): Claims,
}


def shown(kind: str, name: str, value: Any) -> Shown:
    """One part of a definition's document for its page."""
    layout = _LAYOUTS.get((kind, name))
    if layout is None or not value:
        return Shown(name, value)
    made = layout()
    sheet = opened(name, made, value)
    if sheet.text is not None:
        return Shown(name, value, is_raw=True)
    columns = [column for column in made.columns() if any(line.cells.get(column.name) for line in sheet.lines)]
    texts = [[_text(made, column, line) for column in columns] for line in sheet.lines]
    used = [at for at in range(len(columns)) if any(line[at] for line in texts)]
    also = [_also(line.rest) for line in sheet.lines]
    headings = [columns[at].label for at in used] + (["Also"] if any(also) else [])
    lines = [[line[at] for at in used] + [more] for line, more in zip(texts, also, strict=True)]
    return Shown(name, value, headings=headings, lines=[list(zip(headings, line, strict=False)) for line in lines])


def _text(layout: Layout, column: Column, line: Line) -> str:
    held = line.cells.get(column.name, "")
    if isinstance(held, Group):
        return condition_words(to_document(held, layout.scope(line.cells))) if held.members else ""
    if isinstance(held, bool):
        return "yes" if held else ""
    if isinstance(layout, Properties) and column.name == "type":
        return KINDS[held][0]
    return held.strip().replace("\n", ", ")


def _also(rest: Any) -> str:
    if not isinstance(rest, dict):
        return ""
    return ", ".join(f"{name} {value}" for name, value in rest.items())
