"""A rule held against the catalog: fields that there are, operators that suit them, values that they can have."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import relative
from .compile import BadCondition, Segments, compile_condition, operations
from .operators import OPERATORS, Operator
from .spelling import did_you_mean
from .words import SEGMENT, either

#: The type of what may be anything, such as a property whose schema does not say: every operator suits it.
ANY = "any"


@dataclass(frozen=True, slots=True)
class FieldType:
    """What the catalog says of one path."""

    type: str
    #: For a picklist: what may stand there; empty where nobody has said.
    allowed: tuple[str, ...] = ()
    #: What people call it.
    label: str = ""


def check_types(
    document: Any, fields: Mapping[str, FieldType], *, segments: Segments | None = None
) -> tuple[tuple[str, str], ...]:
    """Every place of the rule that does not fit the catalog, with what is wrong there; empty if it fits.

    With `segments`, a rule that names one that is not among them, or leads back to itself, does not fit either.

    >>> fields = {"contact.country": FieldType("picklist", allowed=("DE", "FR")), "contact.score": FieldType("number")}
    >>> check_types({"contact.country": "De", "contact.scor": 5, "contact.score": {"$contains": "6"}}, fields)
    ... # doctest: +NORMALIZE_WHITESPACE
    (('contact.country', 'De is not a value of it; did you mean DE?'),
     ('contact.scor', 'is no field; did you mean contact.score?'),
     ('contact.score', '$contains is not for a number; use $eq, $ne, $in, $nin, $gt, $gte, $lt, $lte or $exists'))
    """
    try:
        compile_condition(document, segments=segments)
    except BadCondition as error:
        return error.problems
    return tuple(_problems(document, "", fields))


def operators_for(kind: str) -> list[str]:
    """The operators that a field of this type takes, in the order of the table."""
    return [name for name, row in OPERATORS.items() if kind in row.types]


def _problems(document: Mapping[str, Any], at: str, fields: Mapping[str, FieldType]) -> Iterator[tuple[str, str]]:
    for name, wanted in document.items():
        here = f"{at}.{name}" if at else name
        if name == SEGMENT:
            continue
        if name == "$not":
            yield from _problems(wanted, here, fields)
        elif name.startswith("$"):
            for i, part in enumerate(wanted):
                yield from _problems(part, f"{here}[{i}]", fields)
        elif name not in fields:
            yield here, "is no field" + did_you_mean(name, fields)
        else:
            yield from ((here, says) for says in _path_problems(wanted, fields[name]))


def _path_problems(wanted: Any, field: FieldType) -> Iterator[str]:
    for operator, value in operations(wanted):
        if operator == "$not":
            yield from _path_problems(value, field)
        elif field.type != ANY and field.type not in OPERATORS[operator].types:
            name = _NAMES.get(field.type, f"a {field.type}")
            yield f"{operator} is not for {name}; use {either(operators_for(field.type))}"
        else:
            yield from _value_problems(OPERATORS[operator], value, field)


def _value_problems(row: Operator, wanted: Any, field: FieldType) -> Iterator[str]:
    if row.takes not in ("value", "one", "many") or field.type in ("list", ANY):
        return
    if row.words_date and field.type in ("date", "datetime") and relative.distance(wanted):
        return
    for value in wanted if row.takes == "many" else [wanted]:
        problem = None if _FITS[field.type](value) else f"{_quoted(value)} is not {_KINDS[field.type]}"
        if problem is None and field.allowed and value not in field.allowed:
            problem = f"{value} is not a value of it{did_you_mean(str(value), field.allowed)}"
        if problem:
            yield problem


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_number(value: Any) -> bool:
    """As rules count: yes and no are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


_FITS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(["text", "email", "phone", "url", "picklist"], _is_text),
    "number": is_number,
    "boolean": lambda value: isinstance(value, bool),
    "date": relative.is_date,
    "datetime": lambda value: relative.is_instant(value) or relative.is_date(value),
    "consent": lambda value: value in ("granted", "denied"),
}
_KINDS: Mapping[str, str] = {
    **dict.fromkeys(["text", "email", "phone", "url", "picklist"], "text"),
    "number": "a number",
    "boolean": "yes or no",
    "date": "a date such as 2026-11-22",
    "datetime": "a time such as 2026-11-22T09:30:00+00:00",
    "consent": "granted or denied",
}

_NAMES: Mapping[str, str] = {
    "email": "an e-mail address",
    "url": "a URL",
    "boolean": "a yes or no",
    "datetime": "a date and time",
    "phone": "a phone number",
    "text": "text",
    "consent": "consent",
}


def _quoted(value: Any) -> str:
    away = relative.distance(value)
    return away.words() if away else f'"{value}"' if isinstance(value, str) else str(value)
