"""Values from one system's fields to another's, with type, default and whether they must be there (requirement E6)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC
from typing import Any

from martechops.lib.frozen import dataclass

from .coercions import COERCIONS, WAYS, CannotCoerce, zone
from .conditions import reader


class BadMapping(ValueError):
    """The rows cannot be used; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field to another."""

    source: str
    target: str
    type: str = "text"
    #: One of `coercions.COERCIONS`.
    way: str = "trim"
    #: Of a time that names none; UTC if this does not either.
    timezone: str | None = None
    default: Any = None
    required: bool = False
    #: For a picklist: what may stand there.
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a mapping made of an event: values by target, and what could not be used."""

    values: Mapping[str, Any]
    #: (target, what is wrong), for a value of the wrong type.
    violations: tuple[tuple[str, str], ...] = ()
    #: Required targets that stayed empty.
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """Rows ready for use."""

    key: str
    rows: tuple[Row, ...]
    #: How each row gets its value: made once, for it is done some ten times an event.
    ways: tuple[Callable[[Mapping[str, Any]], Any], ...] = field(compare=False, repr=False)

    def apply(self, facts: Mapping[str, Any]) -> Mapped:
        """Values for every target that has one; a bad value counts as missing and is listed."""
        values: dict[str, Any] = {}
        violations: list[tuple[str, str]] = []
        missing: list[str] = []
        for row, way in zip(self.rows, self.ways, strict=True):
            try:
                value = way(facts)
            except CannotCoerce as error:
                violations.append((row.target, str(error)))
                value = None
            if value is not None:
                values[row.target] = value
            elif row.required:
                missing.append(row.target)
        return Mapped(values=values, violations=tuple(violations), missing=tuple(missing))


def compile_mapping(*, key: str, rows: Sequence[Mapping[str, Any]]) -> CompiledMapping:
    """Raises `BadMapping` with every problem at once."""
    problems: list[str] = []
    made: list[Row] = []
    for number, document in enumerate(rows, start=1):
        found = list(_problems(document))
        problems += [f"{key}, row {number}: {problem}" for problem in found]
        if not found:
            made.append(_row(document))
    if problems:
        raise BadMapping("; ".join(problems))
    return CompiledMapping(key=key, rows=tuple(made), ways=tuple(map(_way, made)))


_WORDS = frozenset({"from", "to", "type", "as", "timezone", "default", "required", "allowed"})


def _problems(row: Any) -> Iterator[str]:
    if not isinstance(row, Mapping):
        yield "must be a row such as {from: event.properties.email, to: email, type: email}"
        return
    kind = row.get("type", "text")
    if unknown := sorted(str(name) for name in set(row) - _WORDS):
        yield f"unknown: {', '.join(unknown)}"
    for end in ("from", "to"):
        if not isinstance(row.get(end), str) or not row[end]:
            yield f"needs {end}"
    if not isinstance(kind, str) or kind not in WAYS:
        yield f"needs a type out of {', '.join(WAYS)}"
        return
    if (takes := _taken_by(str(row.get("to")))) and kind != takes:
        yield f"{row['to']} takes the type {takes}"
        return
    if not all(isinstance(row.get(end), str) for end in ("from", "to")):
        return
    if row.get("as") and row["as"] not in WAYS[kind]:
        yield f"{row['as']} is no way to read a {kind}; there are {', '.join(WAYS[kind])}"
        return
    allowed = row.get("allowed") or []
    if not isinstance(allowed, list) or not all(isinstance(value, str) for value in allowed):
        yield "allowed must be a list of texts"
        return
    yield from _problems_of_values(row, kind)


def _taken_by(target: str) -> str | None:
    """The only type that a target takes where any other would be believed: who somebody is, what they agreed to."""
    return "consent" if target.startswith("consent.") else "email" if target == "email" else None


def _problems_of_values(row: Mapping[str, Any], kind: str) -> Iterator[str]:
    """The time zone must be one, and the default a value that the row would take."""
    try:
        if row.get("timezone"):
            zone(str(row["timezone"]))
        if row.get("default") not in (None, ""):
            _coerced(_row(row))(row["default"])
    except CannotCoerce as error:
        yield str(error) if "time zone" in str(error) else f"the default {error}"


def _row(row: Mapping[str, Any]) -> Row:
    kind, timezone = row.get("type", "text"), row.get("timezone")
    made = Row(
        source=row["from"],
        target=row["to"],
        type=kind,
        way=row.get("as") or WAYS[kind][0],
        timezone=timezone or None,
        required=bool(row.get("required")),
        allowed=tuple(row.get("allowed") or ()),
    )
    default = row.get("default")
    if default in (None, ""):
        return made
    try:
        return replace(made, default=_coerced(made)(default))
    except CannotCoerce:
        return replace(made, default=default)


def _way(row: Row) -> Callable[[Mapping[str, Any]], Any]:
    """From facts to the row's value, or its default. What it gives raises CannotCoerce."""
    raw_of, default, coerced = reader(row.source), row.default, _coerced(row)

    def value(facts: Mapping[str, Any]) -> Any:
        raw = raw_of(facts)
        return default if raw is None or raw == "" else coerced(raw)

    return value


def _coerced(row: Row) -> Callable[[Any], Any]:
    read, where, allowed = COERCIONS[row.way].read, zone(row.timezone) if row.timezone else UTC, row.allowed
    if not allowed:
        return lambda raw: read(raw, where)

    def coerced(raw: Any) -> Any:
        value = read(raw, where)
        if value not in allowed:
            raise CannotCoerce(f"{value} is none of {', '.join(allowed)}")
        return value

    return coerced
