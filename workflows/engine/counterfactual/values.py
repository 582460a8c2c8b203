"""Values that a path could hold to suit what a rule asks of it: the nearest number, an allowed choice, a day."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from martechops.lib.frozen import dataclass

from ..conditions import ConditionError, FieldType, compile_condition, operations, places, relative
from ..conditions.types import is_number
from .patterns import example

#: What stands for "some text" where any would do.
SOMETHING = "something"
_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)
_MOST = 400


@dataclass(frozen=True, slots=True)
class Literal:
    """One comparison at one path, which is to come out one way."""

    path: str
    operator: str
    wanted: Any
    is_to_hold: bool
    test: Callable[[Mapping[str, Any]], bool]

    def suits(self, facts: Mapping[str, Any]) -> bool | None:
        """Does it come out as it is to? None where it has no answer at all."""
        try:
            return self.test(facts) == self.is_to_hold
        except ConditionError:
            return None


def nearest(
    literals: Sequence[Literal],
    *,
    all_at_path: Sequence[Literal],
    current: Any,
    now: datetime | None,
    field: FieldType | None,
    item_rule: Callable[[Mapping[str, Any]], Any],
) -> tuple[bool, Any, tuple[int, float]]:
    """(is there one, the value, how far it is from the current one): what suits all literals of one path.

    `all_at_path` must have an answer too: one comparison without an answer leaves the whole rule without.
    """
    path = all_at_path[0].path
    best: tuple[tuple[int, float, int], Any] | None = None
    for order, value in enumerate(_candidates(all_at_path, current, now, field, item_rule)):
        if order > _MOST or not _is_of(field, value):
            continue
        facts = at_path(path, value) | {"now": now}
        if any(one.suits(facts) is None for one in all_at_path) or not all(one.suits(facts) for one in literals):
            continue
        far = (*_distance(value, current), order)
        if best is None or far < best[0]:
            best = (far, value)
    return (True, best[1], best[0][:2]) if best else (False, None, (0, 0.0))


def at_path(path: str, value: Any) -> dict[str, Any]:
    """Facts that hold one value.

    >>> at_path("contact.consent.email", "granted")
    {'contact': {'consent': {'email': 'granted'}}}
    """
    for part in reversed(places(path)):
        value = {part: value}
    found: dict[str, Any] = value
    return found


def _candidates(
    literals: Sequence[Literal],
    current: Any,
    now: datetime | None,
    field: FieldType | None,
    item_rule: Callable[[Mapping[str, Any]], Any],
) -> Iterator[Any]:
    constants = [one for literal in literals for one in _constants(literal.wanted)]
    yield from constants
    yield from field.allowed if field else ()
    if field and field.type == "consent":
        yield from ("granted", "denied")
    yield None
    yield from (True, False)
    yield from _numbers([one for one in [*constants, current] if is_number(one)])
    yield from _times(literals, constants, current, now)
    yield from _texts(literals, [one for one in constants if isinstance(one, str)], current)
    is_list = isinstance(current, list) or (field is not None and field.type == "list")
    if is_list or any(one.operator in ("$all", "$size", "$elemMatch") for one in literals):
        yield from _lists(literals, constants, current, item_rule)


def _constants(wanted: Any) -> list[Any]:
    if isinstance(wanted, list):
        return [*wanted, wanted]
    return [] if isinstance(wanted, Mapping) else [wanted]


def _numbers(found: Sequence[float]) -> Iterator[float]:
    """Each number, its neighbours in the last place that anybody writes, and what lies between two; zero and one."""
    places = max((_places(one) for one in found), default=0)
    unit = Decimal(1).scaleb(-places)
    for one in found:
        for exact in (Decimal(str(one)) - unit, Decimal(str(one)) + unit):
            yield int(exact) if places == 0 and exact == exact.to_integral_value() else float(exact)
    for low, high in pairwise(sorted(found)):
        yield (low + high) / 2
    yield from (0, 1)


def _places(number: float) -> int:
    if isinstance(number, int):
        return 0
    exponent = Decimal(str(number)).normalize().as_tuple().exponent
    return min(9, max(0, -exponent)) if isinstance(exponent, int) else 0


def _times(literals: Sequence[Literal], constants: Sequence[Any], current: Any, now: datetime | None) -> Iterator[str]:
    """Around each day and instant that is compared with, in the form that the field holds."""
    instants = [moment for one in [*constants, current] if (moment := _moment(one))]
    away = [found for literal in literals if (found := relative.distance(literal.wanted))]
    if now:
        instants += [datetime.fromisoformat(one.instant(now)).replace(tzinfo=UTC) for one in away]
    for moment in instants:
        days = [(moment + _DAY * step).date().isoformat() for step in (0, -1, 1)]
        whole = moment.replace(microsecond=0)
        seconds = [(whole + _SECOND * step).isoformat() for step in (0, -1, 1, 2)]
        yield from seconds + days if relative.is_instant(current) else days + seconds


def _moment(value: Any) -> datetime | None:
    if relative.is_date(value):
        return datetime.combine(date.fromisoformat(value), datetime.min.time(), tzinfo=UTC)
    return datetime.fromisoformat(value).astimezone(UTC) if relative.is_instant(value) else None


def _texts(literals: Sequence[Literal], constants: Sequence[str], current: Any) -> Iterator[str]:
    """Put together of what it is to begin with, hold and end with; and texts that are like none of these."""
    begins, ends, holds = (_wanted(literals, name) for name in ("$startsWith", "$endsWith", "$contains"))
    middle = [current] if isinstance(current, str) else []
    likes = [found for one in literals if one.operator == "$regex" and (found := example(one.wanted)) is not None]
    inners = [*middle, "", " ".join(holds), " ".join([*middle, *holds]), *likes, " ".join([*likes, *holds])]
    for begin in ["", *begins]:
        for end in ["", *ends]:
            yield from (begin + inner + end for inner in dict.fromkeys(inners))
    for one in constants:
        yield from (one + "a", one[:-1])
    yield SOMETHING
    yield "-".join([SOMETHING, *constants])[::-1]


def _wanted(literals: Sequence[Literal], operator: str) -> list[str]:
    return [one.wanted for one in literals if one.operator == operator and isinstance(one.wanted, str)]


def _lists(
    literals: Sequence[Literal],
    constants: Sequence[Any],
    current: Any,
    item_rule: Callable[[Mapping[str, Any]], Any],
) -> Iterator[list[Any]]:
    """The list with what it must have, without what it must not, and of each length that is asked about."""
    items = list(current) if isinstance(current, list) else []
    wanted = [one for one in constants if not isinstance(one, list)]
    wanted += [item_rule(one.wanted) for one in literals if one.operator == "$elemMatch"]
    fuller = items + [one for one in wanted if one is not None and one not in items]
    bare = [one for one in items if one not in wanted]
    sizes = {int(n) for one in literals if one.operator == "$size" for n in _sizes(one.wanted)}
    yield from (fuller, bare, [], *([*items, one] for one in wanted), *([one] for one in wanted))
    for size in sorted(sizes | {len(items)}):
        for base in (items, fuller, bare, [SOMETHING], [0]):
            filler = base[-1:] or [SOMETHING]
            yield (base + filler * size)[:size]
    for one in literals:
        if one.operator == "$elemMatch":
            test = compile_condition({"item": {"$elemMatch": one.wanted}}).test
            yield [item for item in items if not _holds(test, {"item": [item]})]


def _holds(test: Callable[[Mapping[str, Any]], bool], facts: Mapping[str, Any]) -> bool:
    try:
        return test(facts)
    except ConditionError:
        return True


def _sizes(wanted: Any) -> Iterator[int]:
    if isinstance(wanted, Mapping):
        numbers = [one for _, value in operations(wanted) for one in _constants(value) if isinstance(one, int)]
        yield from (size for one in numbers for size in (one - 1, one, one + 1) if 0 <= size <= 50)
        yield from (0, 1)
    elif isinstance(wanted, int):
        yield from (size for size in (wanted - 1, wanted, wanted + 1) if 0 <= size <= 50)


_TEXTS = ("text", "email", "phone", "url", "picklist", "consent")
_FITS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(_TEXTS, lambda value: isinstance(value, str)),
    "number": is_number,
    "boolean": lambda value: isinstance(value, bool),
    "date": relative.is_date,
    "datetime": lambda value: relative.is_instant(value) or relative.is_date(value),
    "list": lambda value: isinstance(value, list),
}


def _is_of(field: FieldType | None, value: Any) -> bool:
    """Could the field hold it?"""
    if field is None or value is None:
        return True
    if field.allowed and value not in field.allowed:
        return False
    if field.type == "consent" and value not in ("granted", "denied"):
        return False
    return _FITS.get(field.type, lambda _: True)(value)


def _distance(value: Any, current: Any) -> tuple[int, float]:
    """How much of a change it is: another value of the kind, by how far; a first value; another kind; no value."""
    if value is None:
        return (3, 0.0)
    if current is None:
        return (1, 0.0 if not isinstance(value, list) else float(len(value)))
    if is_number(value) and is_number(current):
        return (0, float(abs(value - current)))
    then, before = _moment(value), _moment(current)
    if then and before:
        return (0, abs((then - before).total_seconds()))
    if isinstance(value, list) and isinstance(current, list):
        return (0, float(abs(len(value) - len(current))))
    return (0 if type(value) is type(current) else 2, 0.0)
