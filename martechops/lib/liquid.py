"""Liquid for people's text (FAULTS S4, S5): values only, within limits, never Django's own templates.

`check` says on save what may not be in a template at all. What is left and is not `is_cheap` renders in a child
process (`martechops.lib.liquid_child`), because Liquid's own limits do not bound what a filter may do.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from liquid import Environment, StrictUndefined, Undefined
from liquid.ast import Node
from liquid.builtin.expressions.filtered import FilteredExpression
from liquid.builtin.expressions.path import Path
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.output import OutputNode
from liquid.exceptions import LiquidError
from liquid.expression import Expression

#: Characters of one text, and numbers in one range.
LONGEST_SOURCE, LONGEST_RANGE = 50_000, 1_000
#: Bytes that may come out.
LONGEST_OUTPUT = 500_000

#: What cannot take long, whatever the values: no loops, no captures, and filters that do not grow what they get.
_CHEAP_TAGS = frozenset({"if", "elsif", "else", "unless", "case", "when", "comment", "raw", "#"})
_CHEAP_FILTERS = frozenset(
    [
        "abs",
        "at_least",
        "at_most",
        "capitalize",
        "ceil",
        "date",
        "default",
        "downcase",
        "escape",
        "first",
        "floor",
        "last",
        "lstrip",
        "round",
        "rstrip",
        "size",
        "strip",
        "strip_newlines",
        "truncate",
        "truncatewords",
        "upcase",
    ]
)


class BadTemplate(ValueError):
    """The text cannot be rendered; the message says where and why."""


class _Environment(Environment):
    """Bounds on what a template may cost (FAULTS S5)."""

    context_depth_limit = 10
    loop_iteration_limit = 1_000
    local_namespace_limit = 10_000
    output_stream_limit = LONGEST_OUTPUT


_FORGIVING = _Environment(undefined=Undefined)
_STRICT = _Environment(undefined=StrictUndefined)
_FORGIVING_HTML = _Environment(undefined=Undefined, autoescape=True)


def render(source: str, values: Mapping[str, Any], *, html: bool = False) -> str:
    """Text with its values filled in; a missing one leaves nothing. With `html`, values are escaped.

    In this process: only for a source that `is_cheap`, or in the child. Raises `BadTemplate`.

    >>> render("Hello {{ contact.first_name | default: 'there' }}", {"contact": {}})
    'Hello there'
    """
    try:
        text = str(_parsed(source, html).render(**values))
    except (LiquidError, ArithmeticError, RecursionError) as error:
        raise BadTemplate(_says(error)) from None
    if len(text) > LONGEST_OUTPUT or len(text.encode(errors="replace")) > LONGEST_OUTPUT:
        raise BadTemplate(f"comes to more than {LONGEST_OUTPUT // 1000} KB")
    return text


def check(source: str) -> None:
    """Return if the text may be kept. Raises `BadTemplate` for bad Liquid, long text, and long or open ranges.

    >>> check("{{ (1..1000000000) | join }}")
    Traceback (most recent call last):
    martechops.lib.liquid.BadTemplate: a range may go over 1000 numbers at most
    """
    if len(source) > LONGEST_SOURCE:
        raise BadTemplate(f"is longer than {LONGEST_SOURCE} characters")
    try:
        parsed = _parsed(source, False)
        ranges = [part for part in _expressions(parsed) if isinstance(part, RangeLiteral)]
        filters = set(parsed.filter_names())
    except (LiquidError, RecursionError) as error:
        raise BadTemplate(_says(error)) from None
    if unknown := sorted(filters - parsed.env.filters.keys()):
        raise BadTemplate(f"there is no filter {', '.join(unknown)}")
    for part in ranges:
        first, last = getattr(part.start, "value", None), getattr(part.stop, "value", None)
        if not isinstance(first, int) or not isinstance(last, int):
            raise BadTemplate("a range must go from number to number, such as (1..5)")
        if last - first >= LONGEST_RANGE:
            raise BadTemplate(f"a range may go over {LONGEST_RANGE} numbers at most")


@lru_cache(maxsize=512)
def is_cheap(source: str) -> bool:
    """Is it certain that the text renders in no time, whatever the values? Raises `BadTemplate`.

    >>> is_cheap("Hello {{ contact.first_name | upcase }}"), is_cheap("{% for x in contact.tags %}{{ x }}{% endfor %}")
    (True, False)
    """
    try:
        parsed = _parsed(source, False)
        tags, filters = set(parsed.tag_names()), set(parsed.filter_names())
    except (LiquidError, RecursionError) as error:
        raise BadTemplate(_says(error)) from None
    has_range = any(isinstance(part, RangeLiteral) for part in _expressions(parsed))
    return len(source) <= LONGEST_SOURCE and tags <= _CHEAP_TAGS and filters <= _CHEAP_FILTERS and not has_range


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
        raise BadTemplate(_says(error)) from None
    names = [".".join(str(part) for part in variable.segments) for uses in found for variable in uses]
    return tuple(dict.fromkeys(names))


def needed(source: str) -> tuple[str, ...]:
    """Those of `variables` that the text cannot do without: not inside an `if` or a loop, and without a default.

    >>> needed("{{ contact.first_name }}{% if contact.company %} of {{ contact.company }}{% endif %}")
    ('contact.first_name',)
    >>> needed("{{ contact.first_name | default: 'you' }}")
    ()
    """
    try:
        nodes = _parsed(source, False).nodes
    except LiquidError as error:
        raise BadTemplate(_says(error)) from None
    shown = [node.expression for node in nodes if isinstance(node, OutputNode)]
    names = [_name(part.left) for part in shown if isinstance(part, FilteredExpression) and not _has_default(part)]
    return tuple(dict.fromkeys(name for name in names if name))


def _has_default(part: FilteredExpression) -> bool:
    return any(one.name == "default" for one in part.filters or ())


def _name(part: object) -> str:
    return ".".join(str(one) for one in part.path) if isinstance(part, Path) else ""


def _says(error: Exception) -> str:
    """The first line: those that follow draw the place in the source."""
    return str(error).partition("\n")[0] or type(error).__name__


def _expressions(template: Any) -> Iterator[Expression]:
    """Every expression of a template, at any depth."""
    waiting: list[Node | Expression] = list(template.nodes)
    context = template.context_class(template)
    while waiting:
        part = waiting.pop()
        if isinstance(part, Expression):
            yield part
            waiting += part.children()
        else:
            waiting += part.expressions()
            waiting += part.children(context, include_partials=False)


@lru_cache(maxsize=512)
def _parsed(source: str, html: bool) -> Any:
    return (_FORGIVING_HTML if html else _FORGIVING).from_string(source)
