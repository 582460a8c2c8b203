"""The components that every screen is made of. /components/ shows each of them in all its states.

A component is one template in templates/components/; a tag here only prepares what it shows. Tags that end in
`{% end… %}` take their content as a block.
"""

import functools
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import lucide as lucide_icons
from django import template
from django.core.paginator import Page
from django.template import Context
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from martechops.lib import jsontext, path_words
from martechops.templatetags.statuses import look_of

register = template.Library()


@functools.lru_cache(maxsize=512)
def _icon_markup(name: str, size: int, css: str) -> SafeString:
    attributes = {"aria-hidden": "true", "focusable": "false", "class": f"icon {css}".strip()}
    return mark_safe(lucide_icons._render_icon(name, size, **attributes))  # noqa: S308  (our own icon set)


@register.simple_tag
def icon(name: str, size: int = 16, css: str = "") -> SafeString:
    """An icon of the lucide set; it is decoration, so words stand beside it or in the control's label."""
    return _icon_markup(name + "", int(size), css + "")


def _component(name: str, /, **values: Any) -> SafeString:
    return render_to_string(f"components/{name}.html", values)


@register.simple_tag
def badge(text: object, tone: str = "", icon: str = "", title: str = "") -> SafeString:
    """A short fact: `tone` is one of good, warn, bad, info, accent, or empty for none."""
    return _component("badge", text=text, tone=tone, icon=icon, title=title)


@register.simple_tag
def status(state: object, label: str = "", title: str = "") -> SafeString:
    """The badge of a state of the product; its looks are in statuses.py."""
    look = look_of(str(state))
    return _component("badge", text=label or look.label, tone=look.tone, icon=look.icon, title=title)


@register.simple_tag
def state_icon(state: object, size: int = 16) -> SafeString:
    """A state as an icon with its word for screen readers, where a badge would be too much."""
    look = look_of(str(state))
    return format_html(
        '{}<span class="visually-hidden">{}</span>', _icon_markup(look.icon, size, look.tone), look.label
    )


def ago(*, at: datetime, now: datetime) -> str:
    """The distance between two instants in a few letters.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    >>> ago(at=noon - timedelta(minutes=5), now=noon), ago(at=noon + timedelta(days=2), now=noon)
    ('5 min ago', 'in 2 d')
    """
    seconds = (now - at).total_seconds()
    size = abs(seconds)
    if size < 10:
        return "just now" if seconds >= 0 else "in a moment"
    for limit, unit, word in ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h"), (86400 * 30, 86400, "d")):
        if size < limit:
            return f"{int(size // unit)} {word} ago" if seconds > 0 else f"in {int(size // unit)} {word}"
    return timezone.localtime(at).strftime("%-d %b %Y")


@register.simple_tag
def when(at: datetime | None, style: str = "ago") -> SafeString:
    """An instant with its zone: `ago`, `clock`, `day` or `exact`; the title always has the exact time."""
    if at is None:
        return mark_safe('<span class="faint">never</span>')
    local = timezone.localtime(at)
    exact = local.strftime("%a %-d %b %Y, %H:%M:%S %Z")
    texts = {"clock": "%H:%M:%S %Z", "day": "%a %-d %b %Y", "exact": "%-d %b %Y, %H:%M:%S %Z"}
    text = local.strftime(texts[style]) if style in texts else ago(at=at, now=timezone.now())
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(timespec="seconds"), exact, text)


@register.filter
def span_words(length: timedelta | None) -> str:
    """How long something took: 850 ms, 12 s, 3 min, 2 d 4 h."""
    if length is None:
        return "—"
    seconds = length.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    days, hours = divmod(int(seconds // 3600), 24)
    return f"{days} d {hours} h" if days else f"{hours} h"


def _initials(name: str) -> str:
    words = name.replace("@", " ").replace(".", " ").replace("-", " ").split()
    return "".join(word[0] for word in words[:2]).upper() or "?"


@register.simple_tag
def person(user: Any, size: str = "") -> SafeString:
    """A person: initials and name."""
    name = (user.get_full_name() or user.get_username()) if hasattr(user, "get_username") else str(user)
    return _component("chip", name=name, initials=_initials(name), kind="", size=size)


@register.simple_tag
def team(owner: object) -> SafeString:
    """The team that owns something; a missing owner is said, not left blank."""
    if not owner:
        return _component("badge", text="No owner", tone="warn", icon="user-x", title="")
    name = str(getattr(owner, "name", owner))
    if name.islower() and " " not in name:  # the key of a team that is not in the table
        name = name.replace("-", " ").capitalize()
    return _component("chip", name=name, initials=_initials(name), kind="team", size="")


@register.simple_tag
def value(shown: object) -> SafeString:
    """A stored value as it is: text in quotes' stead set in mono, and a missing one called missing."""
    if shown is None or shown == "":
        return format_html('<span class="value missing">{}</span>', "missing" if shown is None else "empty")
    if isinstance(shown, datetime):
        return when(shown, style="exact")
    return format_html('<span class="value">{}</span>', jsontext.words(shown))


@register.simple_tag
def json(data: object, label: str = "JSON", key: str = "json") -> SafeString:
    """Any JSON value, set out and coloured; `key` makes its id unique on the page."""
    return _component("json", tokens=jsontext.tokens(data), label=label, key=key)


@register.simple_tag
def stat(label: str, shown: object, hint: object = "", href: str = "", tone: str = "", icon: str = "") -> SafeString:
    """One number with its name; a link when there is a list behind it."""
    return _component("stat", label=label, shown=shown, hint=hint, href=href, tone=tone, icon=icon)


@register.simple_tag
def button(
    text: str, href: str = "", kind: str = "", icon: str = "", only: str = "", **attributes: object
) -> SafeString:
    """A link when it has an address, a submit button when it has none. `only="icon"` keeps the text for readers."""
    named = {name.replace("_", "-"): value for name, value in attributes.items() if value not in (None, False, "")}
    extra = format_html_join("", ' {}="{}"', named.items())
    return _component("button", text=text, href=href, kind=kind, icon=icon, only=only, extra=extra)


@register.simple_tag
def meter(label: str, amount: float, of: float = 100, tone: str = "", text: str = "") -> SafeString:
    """How far along something is, as a bar and in words."""
    share = 0.0 if not of else max(0.0, min(1.0, amount / of))
    return _component(
        "meter", label=label, width=round(share * 100, 2), tone=tone, text=text or f"{amount:g} of {of:g}"
    )


@register.inclusion_tag("components/tabs.html")
def tabs(items: Iterable[Any], label: str = "Views") -> dict[str, object]:
    """Links between views of one thing. An item has label, href, current and perhaps count."""
    return {"items": items, "label": label}


@register.inclusion_tag("components/crumbs.html")
def crumbs(*names_and_addresses: str) -> dict[str, object]:
    """Where this page is: name, address, name, address, …, name of this page."""
    *parents, here = names_and_addresses
    return {"parents": list(zip(parents[::2], parents[1::2], strict=True)), "here": here}


@register.inclusion_tag("components/pages.html", takes_context=True)
def pages(context: Context, page: Page[Any] | Any) -> dict[str, object]:
    """Newer and older, keeping the filters of the address."""
    return {"page": page, "request": context["request"]}


@register.simple_block_tag(takes_context=True)
def card(
    context: Context, content: str, title: str = "", note: str = "", icon: str = "", flush: str = "", level: int = 2
) -> SafeString:
    """A surface with a heading. `flush` lets a table or list reach its edges."""
    del context
    return _component("card", content=content, title=title, note=note, icon=icon, flush=flush, level=level)


@register.simple_block_tag
def alert(content: str, title: str = "", tone: str = "info") -> SafeString:
    """Something to know before going on. `tone` is info, good, warn or bad."""
    icons = {"info": "info", "good": "circle-check", "warn": "triangle-alert", "bad": "circle-x"}
    return _component("alert", content=content, title=title, tone=tone, icon=icons[tone + ""])


@register.simple_block_tag
def nothing(content: str, title: str, icon: str = "inbox", text: str = "") -> SafeString:
    """What a page says when it has nothing: why, and what to do next."""
    inside = mark_safe(content.strip())  # noqa: S308  (rendered by our own template)
    return _component("empty", content=inside, title=title, icon=icon, text=text)


@register.simple_block_tag
def table(content: str, label: str, lines: str = "", top: str = "") -> SafeString:
    """A table with a name. `lines` sets it out as labelled lines on a phone instead of scrolling."""
    return _component("table", content=content, label=label, lines=lines, top=top)


@register.simple_block_tag
def moment(
    content: str,
    title: object,
    at: datetime | None = None,
    icon: str = "circle-dot",
    tone: str = "",
    style: str = "clock",
) -> SafeString:
    """One thing that happened, on a timeline."""
    return _component("moment", content=content, title=title, at=at, icon=icon, tone=tone, style=style)


@register.simple_block_tag
def panel(content: str, title: str, close: str, note: str = "") -> SafeString:
    """What slides in from the side; `close` is the address of the page without it."""
    return _component("panel", content=content, title=title, close=close, note=note)


@register.simple_block_tag
def fold(content: str, title: object, open: str = "", plain: str = "") -> SafeString:
    """Detail that is shown when asked for."""
    return _component("fold", content=content, title=title, open=open, plain=plain)


@register.filter
def initials(name: object) -> str:
    """The first letters of a name."""
    return _initials(str(name))


@register.filter
def share_of(part: float, whole: float) -> str:
    """A part of a whole in per cent; a dash when there is no whole."""
    return f"{100 * part / whole:.0f} %" if whole else "—"


#: A page of this installation, as messages name it: `withdraw the request first (/approvals/7/).`
_PAGE = re.compile(r"\((/[a-z0-9/_-]+/)\)")


@register.filter
def with_ways(says: object) -> SafeString:
    """What somebody is told, with the pages that it names as links.

    >>> print(with_ways("<b> is in review: withdraw the request first (/approvals/7/)."))
    &lt;b&gt; is in review: withdraw the request first (<a href="/approvals/7/">/approvals/7/</a>).
    """
    parts = _PAGE.split(str(says))
    told = (format_html('(<a href="{0}">{0}</a>)', part) if n % 2 else escape(part) for n, part in enumerate(parts))
    return mark_safe("".join(told))  # noqa: S308  (each part is escaped)


@register.filter
def humane(name: object) -> str:
    """A key as people say it: `create_task` becomes `Create task`."""
    return str(name).replace("_", " ").replace("-", " ").capitalize()


@register.filter
def rule_words(says: object) -> str:
    """A sentence of the engine with its paths as people call them."""
    return path_words.humane(str(says))


@register.filter
def pointer_words(pointer: object) -> str:
    """A place in a message as people call it."""
    return path_words.pointer_words(str(pointer))


@register.filter
def item(mapping: Any, key: object) -> Any:
    """A mapping's value under a key that the template holds in a variable."""
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.simple_tag
def bars(counts: Sequence[int], labels: Sequence[str], label: str) -> SafeString:
    """A row of bars, one a period, with each period's count in its title; the table is beside it."""
    top = max(counts, default=0) or 1
    width = 100 / max(len(counts), 1)
    drawn = [
        {
            "x": round(at * width, 3),
            "width": round(width * 0.78, 3),
            "height": round(max(count / top * 38, 1), 2),
            "y": round(40 - max(count / top * 38, 1), 2),
            "empty": count == 0,
            "title": f"{name}: {count}",
        }
        for at, (count, name) in enumerate(zip(counts, labels, strict=True))
    ]
    return _component("bars", bars=drawn, label=label)


@register.simple_tag
def burn(points: Sequence[tuple[Any, float]]) -> SafeString:
    """What is left of a budget, day by day, from all of it down; below the line more was used than there was."""
    floor = max(-1.0, min((left for _, left in points), default=0.0))
    floor = min(floor, 0.0)
    scale = 56 / (1 - floor)
    width = 240 / max(len(points), 1)
    drawn = [
        (round((at + 1) * width, 2), round(2 + (1 - max(left, floor)) * scale, 2))
        for at, (_, left) in enumerate(points)
    ]
    steps = "".join(f"V{y}H{x}" for x, y in drawn)
    last = points[-1][1] if points else 1.0
    says = f"{max(last, 0):.0%} left" if last >= 0 else "all used up, and more"
    return _component("burn", zero=round(2 + scale, 2), top=2, area=f"V2{steps}", label=f"Budget: {says} at the end")
