"""How a value from outside becomes one of a field's type. Each way has a name and words; a mapping's row picks one.

>>> read("1,234.5", "number", "comma-thousands")
1234.5
>>> read("2026-11-02T09:00", "datetime", timezone="Europe/Berlin")
'2026-11-02T08:00:00+00:00'
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from martechops.lib.frozen import dataclass

from .identity import normal_email


class CannotCoerce(ValueError):
    """This value is none of the type that the row asks for."""


@dataclass(frozen=True, slots=True)
class Coercion:
    """One way to read a value."""

    #: The field type that it makes.
    type: str
    #: "reads 1,234.5 as 1234.5"
    words: str
    #: (value, zone of a time that names none) → value; raises CannotCoerce. None stands for nothing at all.
    read: Callable[[Any, tzinfo], Any]


def read(raw: Any, type: str, way: str | None = None, *, timezone: str | None = None) -> Any:
    """A value of a type; without `way` by the first one that the type has. Raises CannotCoerce and KeyError."""
    return COERCIONS[way or WAYS[type][0]].read(raw, zone(timezone) if timezone else UTC)


@lru_cache(maxsize=256)
def zone(name: str) -> tzinfo:
    """A time zone by its IANA name. Raises CannotCoerce."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CannotCoerce(f"there is no time zone {name[:60]}") from None


def _text(raw: Any, _zone: tzinfo) -> str | None:
    if type(raw) is str:
        return " ".join(raw.split()) or None
    if isinstance(raw, bool | dict | list):
        raise CannotCoerce("is not text")
    return " ".join(str(raw).split()) or None


def _lower(raw: Any, zone: tzinfo) -> str | None:
    text = _text(raw, zone)
    return text.lower() if text else None


def _upper(raw: Any, zone: tzinfo) -> str | None:
    text = _text(raw, zone)
    return text.upper() if text else None


_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_COMMA_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?|[+-]?\d+(\.\d+)?", re.ASCII)
_COMMA_DECIMALS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?|[+-]?\d+(,\d+)?", re.ASCII)
_LONGEST_NUMBER = 40


def _number(form: re.Pattern[str], thousands: str, decimals: str) -> Callable[[Any, tzinfo], int | float]:
    def number(raw: Any, _zone: tzinfo) -> int | float:
        if isinstance(raw, bool) or not isinstance(raw, int | float | str):
            raise CannotCoerce("is not a number")
        if not isinstance(raw, str):
            return _storable(raw)
        text = raw.strip()
        if len(text) > _LONGEST_NUMBER or not form.fullmatch(text):
            raise CannotCoerce(f"{text[:40]!r} is not a number")
        plain = text.replace(thousands, "").replace(decimals, ".") if thousands else text
        return _storable(int(plain) if plain.lstrip("+-").isdecimal() else float(plain))

    return number


def _storable(number: float) -> int | float:
    """jsonb gives a larger double back as a whole number of hundreds of digits, which nothing after it can write."""
    if not abs(number) < 2**63:
        raise CannotCoerce("is too large for a number")
    return number


def _date(raw: Any, _zone: tzinfo) -> str:
    """The day as it is written: a time of day and its zone do not move it."""
    if isinstance(raw, str):
        try:
            return datetime.fromisoformat(raw.strip()).date().isoformat()
        except ValueError:
            pass
    raise CannotCoerce(f"{str(raw)[:40]!r} is not a date such as 2026-11-02")


_DAY = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", re.ASCII)


def _written_date(day: int, month: int, example: str) -> Callable[[Any, tzinfo], str]:
    def written(raw: Any, _zone: tzinfo) -> str:
        found = _DAY.fullmatch(raw.strip()) if isinstance(raw, str) else None
        try:
            if found:
                return date(int(found[3]), int(found[month]), int(found[day])).isoformat()
        except ValueError:
            pass
        raise CannotCoerce(f"{str(raw)[:40]!r} is not a date such as {example}")

    return written


def _datetime(raw: Any, zone: tzinfo) -> str:
    if isinstance(raw, str):
        try:
            moment = datetime.fromisoformat(raw.strip())
            aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
            return aware.astimezone(UTC).isoformat()
        except (ValueError, OverflowError):
            pass
    raise CannotCoerce(f"{str(raw)[:40]!r} is not a time such as 2026-11-02T09:00:00+01:00")


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _since_1970(unit: str) -> Callable[[Any, tzinfo], str]:
    def since(raw: Any, _zone: tzinfo) -> str:
        count = _number(_PLAIN, "", ".")(raw, _zone)
        try:
            return (_EPOCH + timedelta(**{unit: count})).isoformat()
        except (OverflowError, ValueError):
            raise CannotCoerce(f"{str(raw)[:40]!r} is no time that there is") from None

    return since


_YES, _NO = {"true", "yes", "1", "on"}, {"false", "no", "0", "off"}


def _boolean(raw: Any, _zone: tzinfo) -> bool:
    text = str(raw).strip().lower()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise CannotCoerce(f"{text[:40]!r} is neither yes nor no")


def _email(raw: Any, _zone: tzinfo) -> str:
    email = normal_email(raw)
    if email is None:
        raise CannotCoerce("is not an e-mail address")
    return email


_PHONE = re.compile(r"\+?[\d\s().\-/]+(?:\s*(?:ext\.?|x)\s*\d+)?", re.ASCII | re.IGNORECASE)


def _phone(raw: Any, _zone: tzinfo) -> str | None:
    text = _text(raw, _zone)
    if text and not (_PHONE.fullmatch(text) and 5 <= sum(c.isdecimal() for c in text) <= 20):
        raise CannotCoerce(f"{text[:40]!r} is not a phone number")
    return text


def _phone_digits(raw: Any, zone: tzinfo) -> str | None:
    """A leading 00 is the + of a phone's keypad; nothing is guessed of a country."""
    text = _phone(raw, zone)
    if not text:
        return None
    digits = "".join(c for c in text if c.isdecimal())
    if text.startswith("+"):
        return f"+{digits}"
    return f"+{digits[2:]}" if digits.startswith("00") else digits


_URL = re.compile(r"https?://[^\s/?#@]+\.[^\s/?#@]+([/?#]\S*)?", re.IGNORECASE)


def _url(raw: Any, _zone: tzinfo) -> str | None:
    text = _text(raw, _zone)
    if text and not _URL.fullmatch(text):
        raise CannotCoerce(f"{text[:40]!r} is not an address such as https://example.com/")
    return text


def _consent(raw: Any, zone: tzinfo) -> str:
    if isinstance(raw, str) and raw.strip().lower() in ("granted", "denied"):
        return raw.strip().lower()
    return "granted" if _boolean(raw, zone) else "denied"


#: Name → way. The first of a type is the one that is taken where a row names none.
COERCIONS: Mapping[str, Coercion] = {
    "trim": Coercion("text", "trims, and joins white space", _text),
    "lower-case": Coercion("text", "trims, in lower case", _lower),
    "upper-case": Coercion("text", "trims, in upper case", _upper),
    "plain-number": Coercion("number", "reads 1234.5", _number(_PLAIN, "", ".")),
    "comma-thousands": Coercion("number", "reads 1,234.5", _number(_COMMA_THOUSANDS, ",", ".")),
    "comma-decimals": Coercion("number", "reads 1.234,5", _number(_COMMA_DECIMALS, ".", ",")),
    "iso-date": Coercion("date", "reads 2026-11-02, and the day of a time", _date),
    "day-first": Coercion("date", "reads 02.11.2026 and 2/11/2026", _written_date(1, 2, "02.11.2026")),
    "month-first": Coercion("date", "reads 11/02/2026", _written_date(2, 1, "11/02/2026")),
    "iso-time": Coercion("datetime", "reads 2026-11-02T09:00:00+01:00, keeps it in UTC", _datetime),
    "unix-seconds": Coercion("datetime", "reads seconds since 1970", _since_1970("seconds")),
    "unix-milliseconds": Coercion("datetime", "reads milliseconds since 1970", _since_1970("milliseconds")),
    "yes-or-no": Coercion("boolean", "reads true, yes, on, 1 and false, no, off, 0", _boolean),
    "one-of": Coercion("picklist", "trims; must be an allowed value", _text),
    "one-of-lower-case": Coercion("picklist", "in lower case; must be an allowed value", _lower),
    "one-of-upper-case": Coercion("picklist", "in upper case; must be an allowed value", _upper),
    "one-address": Coercion("email", "trims, in lower case", _email),
    "phone-as-written": Coercion("phone", "trims, keeps the spelling", _phone),
    "phone-digits": Coercion("phone", "keeps + and digits only", _phone_digits),
    "web-address": Coercion("url", "reads https://… and http://…", _url),
    "granted-or-denied": Coercion("consent", "reads granted, denied, and yes or no", _consent),
}
#: Type → names of its ways.
WAYS: Mapping[str, tuple[str, ...]] = {
    kind: tuple(name for name, way in COERCIONS.items() if way.type == kind)
    for kind in dict.fromkeys(way.type for way in COERCIONS.values())
}
