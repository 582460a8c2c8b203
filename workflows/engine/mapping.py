"""Values from one system's fields to another's, with type, default and whether they must be there (requirement E6)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .conditions import value_at
from .identity import normal_email


class BadMapping(ValueError):
    """The rows cannot be used; the text says which and why."""


class CannotCoerce(ValueError):
    """This value is none of the type that the row asks for."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field to another."""

    source: str
    target: str
    type: str = "text"
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

    def apply(self, facts: Mapping[str, Any]) -> Mapped:
        """Values for every target that has one; a bad value counts as missing and is listed."""
        values: dict[str, Any] = {}
        violations: list[tuple[str, str]] = []
        missing: list[str] = []
        for row in self.rows:
            try:
                value = _value(row, facts)
            except CannotCoerce as error:
                violations.append((row.target, str(error)))
                value = None
            if value is not None:
                values[row.target] = value
            elif row.required:
                missing.append(row.target)
        return Mapped(values=values, violations=tuple(violations), missing=tuple(missing))


def compile_mapping(*, key: str, rows: Sequence[Mapping[str, Any]]) -> CompiledMapping:
    """Raises `BadMapping`."""
    return CompiledMapping(key=key, rows=tuple(_row(key, i, row) for i, row in enumerate(rows)))


def _row(key: str, number: int, row: Mapping[str, Any]) -> Row:
    unknown = set(row) - {"from", "to", "type", "default", "required", "allowed"}
    kind = row.get("type", "text")
    if unknown or kind not in COERCIONS or not row.get("from") or not row.get("to"):
        raise BadMapping(
            f"{key}, row {number + 1}: needs from, to and a type out of {', '.join(COERCIONS)}"
            + (f"; unknown: {', '.join(sorted(unknown))}" if unknown else "")
        )
    return Row(
        source=row["from"],
        target=row["to"],
        type=kind,
        default=row.get("default"),
        required=bool(row.get("required")),
        allowed=tuple(row.get("allowed", ())),
    )


def _value(row: Row, facts: Mapping[str, Any]) -> Any:
    raw = value_at(facts, row.source)
    if raw is None or raw == "":
        return row.default
    value = COERCIONS[row.type](raw)
    if row.allowed and value not in row.allowed:
        raise CannotCoerce(f"{value} is none of {', '.join(row.allowed)}")
    return value


#: jsonb gives a larger double back as a whole number of hundreds of digits, which nothing after it can write.
_LARGEST = 2**63


def _text(raw: Any) -> str | None:
    if isinstance(raw, bool | dict | list):
        raise CannotCoerce("is not text")
    return " ".join(str(raw).split()) or None


def _number(raw: Any) -> int | float:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise CannotCoerce("is not a number")
    number = _spelt(raw.strip()) if isinstance(raw, str) else raw
    if not abs(number) < _LARGEST:
        raise CannotCoerce("is too large for a number")
    return number


def _spelt(text: str) -> int | float:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    raise CannotCoerce(f"{text[:40]!r} is not a number")


_YES, _NO = {"true", "yes", "1", "on"}, {"false", "no", "0", "off"}


def _boolean(raw: Any) -> bool:
    text = str(raw).strip().lower()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise CannotCoerce(f"{text[:40]!r} is neither yes nor no")


def _email(raw: Any) -> str:
    email = normal_email(raw)
    if email is None:
        raise CannotCoerce("is not an e-mail address")
    return email


def _consent(raw: Any) -> str:
    if isinstance(raw, str) and raw.strip().lower() in ("granted", "denied"):
        return raw.strip().lower()
    return "granted" if _boolean(raw) else "denied"


COERCIONS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "number": _number,
    "boolean": _boolean,
    "picklist": _text,
    "email": _email,
    "phone": _text,
    "url": _text,
    "consent": _consent,
}
