"""Typed parameters: what a person says once, read and checked before it goes anywhere.

>>> Parameter("pause", "Pause", "span").read(" 3 days ")
'3 days'
>>> Parameter("seats", "Seats", "number", at_least=1).read("0")
Traceback (most recent call last):
...
campaigns.pattern.parameters.BadValue: at least 1
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from workflows.engine import durations

from .tokens import slug

LONGEST = 500


class BadValue(ValueError):
    """What was said does not fit its parameter; the message says what would."""


class BadValues(ValueError):
    """Some parameters do not fit; `problems` says why, by their keys."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("; ".join(f"{key}: {says}" for key, says in problems.items()))


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that a playbook asks for."""

    key: str
    label: str
    #: A row of TYPES.
    type: str = "text"
    help: str = ""
    required: bool = True
    #: As written in the file; may hold tokens of the parameters before it.
    default: Any = None
    choices: tuple[str, ...] = ()
    at_least: float | None = None
    at_most: float | None = None

    def read(self, said: Any, *, timezone: str = "UTC") -> Any:
        """The typed value of what was said. Raises BadValue."""
        text = said.strip() if isinstance(said, str) else said
        if isinstance(text, str) and len(text) > LONGEST:
            raise BadValue(f"at most {LONGEST} characters")
        return TYPES[self.type](self, text, timezone)


def _text(parameter: Parameter, said: Any, timezone: str) -> str:
    del timezone
    if not isinstance(said, str):
        raise BadValue("a text")
    if "[[" in said or "{{" in said or "{%" in said:
        raise BadValue("without [[, {{ and {%: they mean something here")
    if parameter.choices and said not in parameter.choices:
        raise BadValue(f"one of {', '.join(parameter.choices)}")
    return said


def _name(parameter: Parameter, said: Any, timezone: str) -> str:
    """A text of which something is left when it is written as a key."""
    text = _text(parameter, said, timezone)
    if not slug(text):
        raise BadValue("something with letters or digits in it")
    return text


def _slug(parameter: Parameter, said: Any, timezone: str) -> str:
    text = _text(parameter, said, timezone)
    if not re.fullmatch(r"[a-z0-9]+(?:[-_][a-z0-9]+)*", text):
        raise BadValue("small letters, digits and - between them")
    return text


def _number(parameter: Parameter, said: Any, timezone: str) -> float | int:
    del timezone
    try:
        number = float(said)
    except (TypeError, ValueError):
        raise BadValue("a number") from None
    if isinstance(said, bool) or number != number or abs(number) > 1e12:
        raise BadValue("a number")
    if parameter.at_least is not None and number < parameter.at_least:
        raise BadValue(f"at least {parameter.at_least:g}")
    if parameter.at_most is not None and number > parameter.at_most:
        raise BadValue(f"at most {parameter.at_most:g}")
    return int(number) if number.is_integer() else number


def _url(parameter: Parameter, said: Any, timezone: str) -> str:
    text = _text(parameter, said, timezone)
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", text)
        fits = fits and (parts.port is None or parts.port > 0)
    except ValueError:
        fits = False
    if not fits:
        raise BadValue("an address that begins with https://")
    return text


def _datetime(parameter: Parameter, said: Any, timezone: str) -> datetime:
    del parameter
    if isinstance(said, datetime):
        found = said
    else:
        try:
            found = datetime.fromisoformat(str(said))
        except ValueError:
            raise BadValue("a date and a time, such as 2026-12-01T15:00") from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=ZoneInfo(timezone))
    if not 2000 <= found.year <= 2200:
        raise BadValue("a year from 2000 to 2200")
    return found


def _span(parameter: Parameter, said: Any, timezone: str) -> str:
    text = _text(parameter, said, timezone)
    try:
        durations.parse(text)
    except ValueError as error:
        raise BadValue(str(error) or "a span such as 3 days") from None
    return text


#: What a parameter can be; those that name a definition are held against the catalog when the plan is made.
TYPES: Mapping[str, Callable[[Parameter, Any, str], Any]] = {
    "text": _text,
    "name": _name,
    "slug": _slug,
    "number": _number,
    "url": _url,
    "datetime": _datetime,
    "span": _span,
    "choice": _text,
    "team": _slug,
    "system": _slug,
    "segment": _slug,
    "stage": _slug,
    "queue": _slug,
}
#: Those whose values are keys of definitions, offered as lists.
OF_CATALOG = ("team", "system", "segment", "stage", "queue")
