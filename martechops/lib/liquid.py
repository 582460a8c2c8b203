"""Liquid for people's text (FAULTS S4): values only, within limits, never Django's own templates."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from liquid import Environment, StrictUndefined, Undefined
from liquid.exceptions import LiquidError


class BadTemplate(ValueError):
    """The text cannot be rendered; the message says where and why."""


class _Environment(Environment):
    """Bounds on what a template may cost (FAULTS S5)."""

    context_depth_limit = 10
    loop_iteration_limit = 1_000
    local_namespace_limit = 10_000
    output_stream_limit = 500_000


_FORGIVING = _Environment(undefined=Undefined)
_STRICT = _Environment(undefined=StrictUndefined)
_FORGIVING_HTML = _Environment(undefined=Undefined, autoescape=True)


def render(source: str, values: Mapping[str, Any], *, html: bool = False) -> str:
    """Text with its values filled in; a missing one leaves nothing. With `html`, values are escaped.

    Raises `BadTemplate`.

    >>> render("Hello {{ contact.first_name | default: 'there' }}", {"contact": {}})
    'Hello there'
    """
    try:
        return str(_parsed(source, html).render(**values))
    except LiquidError as error:
        raise BadTemplate(str(error)) from None


def missing(source: str, values: Mapping[str, Any]) -> str | None:
    """The first value that the text asks for and that is not there, or None.

    >>> missing("{{ contact.first_name }}", {"contact": {}}) is not None
    True
    """
    try:
        _STRICT.from_string(source).render(**values)
    except LiquidError as error:
        return str(error)
    return None


def variables(source: str) -> tuple[str, ...]:
    """Dotted names of everything that the text asks for from outside. Raises `BadTemplate`.

    >>> variables("{{ contact.first_name }} {% if contact.consent.email == 'granted' %}!{% endif %}")
    ('contact.first_name', 'contact.consent.email')
    """
    try:
        found = _parsed(source, False).analyze().globals.values()
    except LiquidError as error:
        raise BadTemplate(str(error)) from None
    names = [".".join(str(part) for part in variable.segments) for uses in found for variable in uses]
    return tuple(dict.fromkeys(names))


@lru_cache(maxsize=512)
def _parsed(source: str, html: bool) -> Any:
    return (_FORGIVING_HTML if html else _FORGIVING).from_string(source)
