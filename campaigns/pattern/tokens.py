"""Tokens: places of a playbook where a parameter goes in, written [[topic]] so that Liquid's {{ }} stay people's own.

>>> values = Values({"topic": "Lead scoring", "days": 3})
>>> fill({"name": "About [[topic]]", "key": "[[topic.slug]]-guide", "after": "[[days]]"}, values)
{'name': 'About Lead scoring', 'key': 'lead-scoring-guide', 'after': 3}
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from campaigns import naming

_TOKEN = re.compile(r"\[\[\s*([a-z][a-z0-9_]*)(?:\.([a-z]+))?\s*\]\]")


class UnknownToken(LookupError):
    """There is no such parameter, or its kind of value is not written in that way."""


@dataclass(frozen=True, slots=True)
class Values:
    """What goes in, by name; texts, numbers, and instants with their zone."""

    plain: Mapping[str, Any]
    #: UTM parameters for `.tagged`.
    utm: Mapping[str, str] = field(default_factory=dict)
    timezone: str = "UTC"

    def get(self, name: str, form: str) -> Any:
        """The value as plain JSON data, written in that form. Raises UnknownToken."""
        if name not in self.plain:
            raise UnknownToken(f"there is no parameter {name}")
        value = self.plain[name]
        if not form:
            return value.isoformat() if isinstance(value, datetime) else value
        write = FORMS.get(form)
        if write is None:
            raise UnknownToken(f"{name} cannot be written as {form}; there are {', '.join(FORMS)}")
        return write(self, value)

    def local(self, value: Any) -> datetime:
        """An instant by the clock of the workspace. Raises UnknownToken for what is none."""
        if not isinstance(value, datetime):
            raise UnknownToken(f"{value!r} is no date")
        return value.astimezone(ZoneInfo(self.timezone))


def slug(text: str) -> str:
    """
    >>> slug("Lead Routing — in an hour!"), slug("Über uns")
    ('lead-routing-in-an-hour', 'uber-uns')
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


#: How a value can be written, besides as it is: `[[topic.slug]]`.
FORMS: Mapping[str, Callable[[Values, Any], Any]] = {
    "slug": lambda _, value: slug(str(value)),
    "text": lambda _, value: str(value),
    "tagged": lambda values, value: naming.tag(str(value), values.utm),
    "year": lambda values, value: f"{values.local(value):%Y}",
    "quarter": lambda values, value: f"q{(values.local(value).month + 2) // 3}",
    "day": lambda values, value: f"{values.local(value):%A} {values.local(value).day} {values.local(value):%B %Y}",
    "time": lambda values, value: f"{values.local(value):%H:%M} ({values.timezone})",
}


def fill(content: Any, values: Values) -> Any:
    """The content with every token replaced. A text that is one token becomes its value, with its type.

    Raises UnknownToken.
    """
    if isinstance(content, Mapping):
        return {fill(name, values): fill(value, values) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [fill(value, values) for value in content]
    if not isinstance(content, str):
        return content
    if alone := _TOKEN.fullmatch(content):
        return values.get(alone[1], alone[2] or "")
    return _TOKEN.sub(lambda found: str(values.get(found[1], found[2] or "")), content)


def named(content: Any) -> Iterator[tuple[str, str]]:
    """Every token in the content: its parameter and the form that it asks for."""
    if isinstance(content, Mapping):
        for name, value in content.items():
            yield from named(name)
            yield from named(value)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from named(value)
    elif isinstance(content, str):
        yield from ((name, form or "") for name, form in _TOKEN.findall(content))
