"""A condition over contacts asked of the database, with the very answers that the evaluator gives.

Each comparison becomes two expressions that are never null: does it hold, and can it be answered. A contact is a
member where the rule holds and every comparison of it can be answered, in whatever group it stands: an error in one
part is an error of the whole, as in `workflows.engine.conditions`. Dates, numbers and texts are told apart by the JSON
type of the stored value and never cast before that, so no value that somebody sent can break a query.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import re2
from django.db import connection

from workflows.engine import consents
from workflows.engine.conditions import (
    OPERATORS,
    SEGMENT,
    BadCondition,
    Segments,
    compile_condition,
    operations,
    relative,
)
from workflows.engine.conditions.operators import FOLD, Lookup, folded
from workflows.models import Contact

TABLE = Contact._meta.db_table
TRUE, FALSE = "TRUE", "FALSE"
#: Letters of other alphabets, and A to Z, as `folded` changes them.
_UPPER, _LOWER = "".join(map(chr, FOLD)), "".join(map(chr, FOLD.values()))


@dataclass(frozen=True, slots=True)
class Where:
    """A condition as SQL over one row of contacts."""

    #: The rule holds and can be answered.
    member: str
    #: Every comparison can be answered; "TRUE" where nothing could stand against it.
    answerable: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the rule: does it hold, can it be answered, and what must be asked besides `holds` of a member."""

    holds: str
    answerable: str = TRUE
    guard: str = TRUE


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value is kept: as jsonb, as text, and what kind of JSON value it is."""

    json: str
    text: str
    kind: str
    #: As a number, where `kind` says that it is one.
    number: str
    #: The JSON kind of a column that holds nothing else; None for what is inside a document.
    only: type | tuple[type, ...] | None = None
    #: The column itself, to compare with a parameter of its own type.
    column: str = ""


def _text_column(name: str) -> _Place:
    return _Place(
        json=f"to_jsonb({name})",
        text=name,
        kind=f"CASE WHEN {name} IS NOT NULL THEN 'string' END",
        number="NULL::numeric",
        only=str,
        column=name,
    )


#: Columns that hold text and nothing else.
_COLUMNS: Mapping[str, _Place] = {name: _text_column(f"c.{name}") for name in ("email", "lifecycle_stage")}
#: Below a column that holds a single value.
_NOWHERE = _Place(json="NULL::jsonb", text="NULL::text", kind="NULL::text", number="NULL::numeric")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a rule is asked with, besides the contacts."""

    at: datetime
    #: What each segment asks for, by its key.
    segments: Segments
    #: How fast points fade; None: not at all.
    half_life_days: float | None = None


@dataclass(slots=True)
class _Writer:
    """The values that the statement carries, named as they come."""

    terms: Terms
    prefix: str
    values: dict[str, Any] = field(default_factory=dict)

    def score(self) -> _Place:
        """What is left of a score, in whole points. The half-life is a value, for with a subquery in its place the
        database would call the function row by row instead of writing it out.
        """
        left = "round(c.score)::integer"
        if self.terms.half_life_days:
            half_life = f"{self.keep(self.terms.half_life_days)}::float8"
            left = f"workflows_faded_score(c.score, c.scored_at, {self.keep(self.terms.at)}::timestamptz, {half_life})"
        return _Place(
            json=f"to_jsonb({left})",
            text=f"({left})::text",
            kind="'number'::text",
            number=left,
            only=(int, float),
            column=left,
        )

    def keep(self, value: Any) -> str:
        name = f"{self.prefix}{len(self.values)}"
        self.values[name] = value
        return f"%({name})s"

    def json(self, value: Any) -> str:
        return f"{self.keep(json.dumps(value))}::jsonb"


def where(document: Mapping[str, Any], terms: Terms, *, prefix: str = "v") -> Where:
    """Raises `BadCondition` for a rule that is none, or that asks for more than what is known of a contact.

    `prefix` keeps the values of two rules apart in one statement.
    """
    compile_condition(document, segments=terms.segments)
    writer = _Writer(terms=terms, prefix=prefix)
    part = _all(document, writer)
    return Where(member=_and([part.holds, part.guard]), answerable=part.answerable, values=writer.values)


def _all(document: Mapping[str, Any], writer: _Writer) -> _Part:
    return _every([_member(name, wanted, writer) for name, wanted in document.items()])


def _member(name: str, wanted: Any, writer: _Writer) -> _Part:
    if name == SEGMENT:
        return _all(writer.terms.segments[wanted], writer)
    if name == "$not":
        return _none([_all(wanted, writer)])
    if name in _GROUPS:
        return _GROUPS[name]([_all(part, writer) for part in wanted])
    return _path(_place(name, writer), name, wanted, writer)


def _path(place: _Place, path: str, wanted: Any, writer: _Writer) -> _Part:
    parts = []
    for operator, value in operations(wanted):
        if operator == "$not":
            parts.append(_none([_path(place, path, value, writer)]))
            continue
        lookup = OPERATORS[operator].lookup
        if lookup is None:
            raise BadCondition([(path, f"{operator} asks about a list, and no field of a contact is one")])
        parts.append(_LOOKUPS[lookup.name](place, lookup, value, writer))
    return _every(parts)


def _every(parts: list[_Part]) -> _Part:
    """Where all hold, each has been answered: only what the parts themselves need is asked besides."""
    return _Part(
        holds=_and(part.holds for part in parts),
        answerable=_and(part.answerable for part in parts),
        guard=_and(part.guard for part in parts),
    )


def _some(parts: list[_Part]) -> _Part:
    answerable = _and(part.answerable for part in parts)
    return _Part(holds=_or(part.holds for part in parts), answerable=answerable, guard=answerable)


def _none(parts: list[_Part]) -> _Part:
    some = _some(parts)
    return _Part(holds=f"NOT {some.holds}", answerable=some.answerable, guard=some.guard)


_GROUPS: Mapping[str, Callable[[list[_Part]], _Part]] = {"$and": _every, "$or": _some, "$nor": _none}


def _and(parts: Iterable[str]) -> str:
    asked = [part for part in parts if part != TRUE]
    return f"({' AND '.join(asked)})" if asked else TRUE


def _or(parts: Iterable[str]) -> str:
    return f"({' OR '.join(parts)})"


def _place(path: str, writer: _Writer) -> _Place:
    subject, *names = path.split(".")
    if subject != "contact" or not names or names == ["consent"]:
        raise BadCondition([(path, "is nothing that is known of a contact by itself")])
    if names[0] in (*_COLUMNS, "score") and len(names) > 1:
        return _NOWHERE
    if names[0] == "score":
        return writer.score()
    if names[0] in _COLUMNS:
        return _COLUMNS[names[0]]
    column = "c.consent" if names[0] == "consent" else "c.fields"
    keys = _of_consent(names[1:]) if names[0] == "consent" else names
    *parents, last = [writer.keep(key) + "::text" for key in keys]
    parent = " -> ".join([column, *parents])
    found = f"({parent} -> {last})"
    return _Place(json=found, text=f"({parent} ->> {last})", kind=f"jsonb_typeof{found}", number=f"{found}::numeric")


def _of_consent(names: list[str]) -> list[str]:
    """Kept by channel, and by channel and purpose; below a purpose there is nothing."""
    name = consents.name(*names) if len(names) == 2 else names[0]
    return [name, "state", *names[2:]]


def _same(place: _Place, lookup: Lookup, wanted: Any, writer: _Writer) -> _Part:
    """jsonb knows yes from one, and one from "1", as the evaluator does."""
    if place.only:
        return _among(place, lookup, [wanted], writer)
    value = writer.json(wanted)
    if lookup.negated:
        return _Part(f"({place.json} IS DISTINCT FROM {value})")
    return _Part(f"coalesce({place.json} = {value}, FALSE)")


def _among(place: _Place, lookup: Lookup, wanted: list[Any], writer: _Writer) -> _Part:
    if place.only:
        return _among_of_one_kind(place, lookup, wanted, writer)
    values = f"ARRAY[{', '.join(writer.json(value) for value in wanted)}]"
    found = (
        f"coalesce({place.json} = ANY({values}), FALSE) OR ({place.kind} IS NOT DISTINCT FROM 'array' AND EXISTS"
        f" (SELECT FROM jsonb_array_elements({_list(place)}) AS item WHERE item = ANY({values})))"
    )
    return _Part(f"(NOT ({found}))" if lookup.negated else f"({found})")


def _among_of_one_kind(place: _Place, lookup: Lookup, wanted: list[Any], writer: _Writer) -> _Part:
    fits = [value for value in wanted if isinstance(value, place.only or ()) and not isinstance(value, bool)]
    if place.only is str:
        values = ", ".join(writer.keep(value) for value in fits)
    else:
        values = ", ".join(f"{writer.keep(json.dumps(value))}::numeric" for value in fits)
    found = f"coalesce({place.column} IN ({values}), FALSE)" if fits else FALSE
    return _Part(f"(NOT {found})" if lookup.negated else found)


def _list(place: _Place) -> str:
    return f"CASE {place.kind} WHEN 'array' THEN {place.json} ELSE '[]'::jsonb END"


def _known(place: _Place, lookup: Lookup, wanted: bool, writer: _Writer) -> _Part:
    del lookup, writer
    return _Part(f"(coalesce({place.kind}, 'null') {'<>' if wanted else '='} 'null')")


def _order(place: _Place, lookup: Lookup, wanted: Any, writer: _Writer) -> _Part:
    """Numbers with numbers, texts with texts by code point; a date is a text that stands in the order of time."""
    away = relative.distance(wanted)
    if away:
        return _order_in_time(place, lookup, away.instant(writer.terms.at), writer)
    if isinstance(wanted, bool):
        return _Part(FALSE, answerable=_kind_is(place))
    if isinstance(wanted, str):
        holds = f'{place.text} COLLATE "C" {lookup.how} {writer.keep(wanted)}'
        return _typed(place, "string", holds)
    number = f"{writer.keep(json.dumps(wanted))}::numeric"
    return _typed(place, "number", f"{place.number} {lookup.how} {number}")


def _order_in_time(place: _Place, lookup: Lookup, limit: str, writer: _Writer) -> _Part:
    text, date, instant = place.text, writer.keep(relative.DATE), writer.keep(relative.INSTANT)
    stamp = f"regexp_replace({text}, '(\\+00:00|Z)$', '')"
    holds = (
        f"CASE WHEN {place.kind} IS DISTINCT FROM 'string' THEN FALSE"
        f' WHEN {text} ~ {date} THEN {text} COLLATE "C" {lookup.how} {writer.keep(limit[:10])}'
        f' WHEN {text} ~ {instant} THEN {stamp} COLLATE "C" {lookup.how} {writer.keep(limit)} ELSE FALSE END'
    )
    is_date = f"({place.kind} = 'string' AND ({text} ~ {date} OR {text} ~ {instant}))"
    return _Part(holds, answerable=f"(coalesce({place.kind}, 'null') = 'null' OR {is_date})")


def _text(place: _Place, lookup: Lookup, wanted: Any, writer: _Writer) -> _Part:
    """Inside, at the start or at the end of a text, or an item of a list."""
    if not isinstance(wanted, str):
        return _list_or_text(place, FALSE, wanted, writer)
    value = f"{writer.keep(folded(wanted))}::text"
    length = len(wanted)
    text = _folded(place, writer)
    if lookup.how == "start":
        return _typed(place, "string", f"left({text}, {length}) = {value}")
    if lookup.how == "end":
        return _typed(place, "string", f"right({text}, {length}) = {value}")
    return _list_or_text(place, f"strpos({text}, {value}) > 0", wanted, writer)


def _list_or_text(place: _Place, holds: str, wanted: Any, writer: _Writer) -> _Part:
    in_list = f"EXISTS (SELECT FROM jsonb_array_elements({_list(place)}) AS item WHERE item = {writer.json(wanted)})"
    return _Part(
        f"(CASE {place.kind} WHEN 'string' THEN {holds} WHEN 'array' THEN {in_list} ELSE FALSE END)",
        answerable=_kind_is(place, "string", "array"),
    )


def _folded(place: _Place, writer: _Writer) -> str:
    plain = f'lower({place.text} COLLATE "C")'
    fold = f"translate({place.text}, {writer.keep(_UPPER)}, {writer.keep(_LOWER)})"
    return f'(CASE WHEN octet_length({place.text}) = length({place.text}) THEN {plain} ELSE {fold} END COLLATE "C")'


def _pattern(place: _Place, lookup: Lookup, wanted: str, writer: _Writer) -> _Part:
    """Decided here by RE2, over the different values there are: the database's own patterns mean other things."""
    del lookup
    found = writer.keep(_matching(place, wanted, writer))
    return _typed(place, "string", f"{place.text} = ANY({found}::text[])")


def _matching(place: _Place, pattern: str, writer: _Writer) -> list[str]:
    expression = re2.compile(pattern)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT {place.text} FROM {TABLE} c WHERE {place.kind} = 'string'",  # noqa: S608
            writer.values,
        )
        return [text for (text,) in cursor if expression.search(text)]


def _typed(place: _Place, kind: str, holds: str) -> _Part:
    return _Part(f"(CASE {place.kind} WHEN '{kind}' THEN {holds} ELSE FALSE END)", answerable=_kind_is(place, kind))


def _kind_is(place: _Place, *kinds: str) -> str:
    """Missing, or one of the kinds that the comparison can be made with."""
    listed = ", ".join(f"'{kind}'" for kind in ("null", *kinds))
    return f"(coalesce({place.kind}, 'null') IN ({listed}))"


_LOOKUPS: Mapping[str, Callable[[_Place, Lookup, Any, _Writer], _Part]] = {
    "same": _same,
    "among": _among,
    "known": _known,
    "order": _order,
    "text": _text,
    "pattern": _pattern,
}
