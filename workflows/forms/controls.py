"""One value of a workflow file as controls that people fill in, and back: what nobody touched stays exactly as it was.

A control has a name, which is the value's path with dots, and parts: form fields whose names begin with it. Reading
compares what was sent with what is shown for the present value; only where they differ is a new value made of it. What
does not fit (a word where a number belongs) is kept as it was typed, and `parse` says what is wrong with it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflows.engine.durations import BadDuration, Duration
from workflows.engine.durations import parse as parse_duration
from workflows.engine.edits.merge import MISSING

from .condition_builder import Submitted

#: Ending of the form field's name → the texts in it.
Parts = Mapping[str, list[str]]
Key = str | int

UNITS = (
    ("minute", "minutes"),
    ("hour", "hours"),
    ("day", "days"),
    ("week", "weeks"),
    ("business hour", "business hours"),
    ("business day", "business days"),
    ("second", "seconds"),
)


@dataclass(frozen=True, slots=True)
class Control:
    """What stands in a form for one value."""

    #: The value's path: "guards.limit.at_most", "choose.0.go".
    name: str
    label: str
    #: A key of `KINDS`, or "rule".
    kind: str = "text"
    #: Which list of `queries.pickers` it chooses from.
    source: str = ""
    help: str = ""
    #: One of the six fields that every step has (requirement B3).
    is_asked: bool = False

    @property
    def path(self) -> tuple[Key, ...]:
        return tuple(int(part) if part.isdecimal() else part for part in self.name.split("."))


@dataclass(frozen=True, slots=True)
class Kind:
    """How a value is shown in parts, and read from them."""

    show: Callable[[Any], Parts]
    read: Callable[[Parts], Any]


def value_at(document: Any, path: Sequence[Key]) -> Any:
    """What stands at the path; MISSING if nothing does."""
    for key in path:
        is_item = isinstance(key, int) and isinstance(document, list) and key < len(document)
        if not is_item and not (isinstance(document, Mapping) and key in document):
            return MISSING
        document = document[key]
    return document


def put(document: Any, path: Sequence[Key], value: Any) -> Any:
    """The document with the value there; what is empty by taking one out goes too, and an item not there stays so."""
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(key, int):
        if not isinstance(document, list) or key >= len(document):
            return document
        return [*document[:key], put(document[key], rest, value), *document[key + 1 :]]
    inside = document.get(key, MISSING) if isinstance(document, Mapping) else MISSING
    if rest and isinstance(rest[0], int) and not isinstance(inside, list):
        return document
    new = put(inside if isinstance(inside, Mapping | list) else {}, rest, value) if rest else value
    whole = dict(document) if isinstance(document, Mapping) else {}
    if new is MISSING or (rest and new == {}):
        return {name: old for name, old in whole.items() if name != key}
    return {**whole, key: new}


def filled_in(control: Control, document: Any, data: Submitted) -> Any:
    """The document with what was sent for this control."""
    kind = KINDS[control.kind]
    now = value_at(document, control.path)
    shown = {ending: texts for ending, texts in kind.show(now).items() if texts != [""]}
    sent = {}
    for ending in kind.show(MISSING):
        texts = [text.replace("\r\n", "\n") for text in data.getlist(control.name + ending)]
        if any(text.strip() for text in texts):
            sent[ending] = texts
    if sent == {ending: texts for ending, texts in shown.items() if any(text.strip() for text in texts)}:
        return document
    return put(document, control.path, kind.read(sent))


def _text(value: Any) -> str:
    if value is MISSING or value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _first(parts: Parts, ending: str = "") -> str:
    return next((text.strip() for text in parts.get(ending, ())), "")


def _show_one(value: Any) -> Parts:
    return {"": [_text(value)]}


def _read_text(parts: Parts) -> Any:
    return _first(parts) or MISSING


def _read_number(parts: Parts) -> Any:
    text = _first(parts)
    for read in (int, float):
        try:
            number = read(text)
        except ValueError:
            continue
        if number == number and abs(number) < 2**53:
            return number
    return text or MISSING


def _read_single(parts: Parts) -> Any:
    """A number or yes and no as such, because a field of that type takes no text."""
    text = _first(parts)
    return {"true": True, "false": False}[text] if text in ("true", "false") else _read_number(parts)


def _show_single(value: Any) -> Parts:
    return {"": [str(value).lower() if isinstance(value, bool) else _text(value)]}


def _read_yes_no(parts: Parts) -> Any:
    return {"yes": True, "no": False}.get(_first(parts), MISSING)


def _listed(value: Any) -> list[str]:
    if value is MISSING or value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _show_picks(value: Any) -> Parts:
    return {"": _listed(value), ".add": []}


def _picked(parts: Parts) -> list[str]:
    return list(
        dict.fromkeys(
            text.strip() for texts in (parts.get("", ()), parts.get(".add", ())) for text in texts if text.strip()
        )
    )


def _read_picks(parts: Parts) -> Any:
    return _picked(parts) or MISSING


def _read_one_or_many(parts: Parts) -> Any:
    """One alone as a text, as people write it."""
    picked = _picked(parts)
    return picked if len(picked) > 1 else (picked[0] if picked else MISSING)


def _show_texts(value: Any) -> Parts:
    return {"": [", ".join(_listed(value))]}


def _read_texts(parts: Parts) -> Any:
    return [part.strip() for part in _first(parts).split(",") if part.strip()] or MISSING


def _show_fields(value: Any) -> Parts:
    lines = [f"{name}: {_text(one)}" for name, one in value.items()] if isinstance(value, Mapping) else [_text(value)]
    return {"": ["\n".join(lines)]}


def _read_fields(parts: Parts) -> Any:
    lines = [line.partition(":") for line in _first(parts).splitlines() if line.strip()]
    return {name.strip(): value.strip() for name, _, value in lines if name.strip()} or MISSING


def show_span(value: Any) -> Parts:
    """An amount and its unit; the text itself where it is no span."""
    try:
        span = parse_duration(value)
    except BadDuration:
        return {"": [_text(value)], ".unit": [""]}
    return {"": [str(span.amount)], ".unit": [("business " if span.business else "") + span.unit]}


def _read_span(parts: Parts) -> Any:
    amount, unit = _first(parts), _first(parts, ".unit")
    if not amount or not amount.isdecimal() or len(amount) > 5:
        return amount or MISSING
    name = unit.removeprefix("business ") or "day"
    return str(Duration(amount=int(amount), unit=name, business=unit.startswith("business ")))


def _show_consent(value: Any) -> Parts:
    if isinstance(value, Mapping):
        return {"": [_text(value.get("channel"))], ".purpose": [_text(value.get("purpose"))]}
    return {"": [_text(value)], ".purpose": [""]}


def _read_consent(parts: Parts) -> Any:
    channel, purpose = _first(parts), _first(parts, ".purpose")
    if purpose:
        return {"channel": channel, "purpose": purpose} if channel else {"purpose": purpose}
    return channel or MISSING


def _show_once(value: Any) -> Parts:
    if isinstance(value, Mapping):
        span = show_span(value.get("per", MISSING))
        return {"": ["per"], ".per": span[""], ".unit": span[".unit"]}
    return {"": [_text(value)], ".per": [""], ".unit": [""]}


def _read_once(parts: Parts) -> Any:
    if _first(parts) != "per":
        return _first(parts) or MISSING
    span = _read_span({"": parts.get(".per", []), ".unit": parts.get(".unit", [])})
    return {"per": "30 days" if span is MISSING else span}


def _show_approval(value: Any) -> Parts:
    return {"": ["owner" if value is True else ("" if value is False else _text(value))]}


def _read_approval(parts: Parts) -> Any:
    return True if _first(parts) == "owner" else _read_text(parts)


def _show_moment(value: Any) -> Parts:
    if isinstance(value, Mapping) and len(value) == 1:
        kind, name = next(iter(value.items()))
        return {"": [str(kind)], ".name": [_text(name)]}
    return {"": [_text(value)], ".name": [""]}


def _read_moment(parts: Parts) -> Any:
    kind, name = _first(parts), _first(parts, ".name")
    return kind if kind in ("", "entry") and kind else ({kind: name} if kind else MISSING)


KINDS: Mapping[str, Kind] = {
    "text": Kind(_show_one, _read_text),
    "area": Kind(_show_one, _read_text),
    "select": Kind(_show_one, _read_text),
    "number": Kind(_show_one, _read_number),
    "single": Kind(_show_single, _read_single),
    "yes_no": Kind(_show_one, _read_yes_no),
    "picks": Kind(_show_picks, _read_picks),
    "one_or_many": Kind(_show_picks, _read_one_or_many),
    "checks": Kind(_show_picks, _read_picks),
    "texts": Kind(_show_texts, _read_texts),
    "fields": Kind(_show_fields, _read_fields),
    "span": Kind(show_span, _read_span),
    "consent": Kind(_show_consent, _read_consent),
    "once": Kind(_show_once, _read_once),
    "approval": Kind(_show_approval, _read_approval),
    "moment": Kind(_show_moment, _read_moment),
}
