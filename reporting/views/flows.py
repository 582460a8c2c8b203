"""Flows as SVG: bands from sources to outcomes, each as broad as what is owed. Beside it stands a table."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from django.utils.safestring import SafeString, mark_safe

from martechops.lib import svg
from reporting.queries.contributions import Contribution, Contributions, Outcome

WIDTH = 760.0
_TOP, _GAP, _BAR = 28.0, 12.0, 12.0
#: Where the bars of sources and outcomes begin; what is beyond is for their words.
_LEFT, _RIGHT = 150.0, 590.0
_HIGH = 300.0
#: The least that is seen of anything.
_LEAST = 3.0
#: Room for the words beside it.
_WORD = 16.0
_Of = TypeVar("_Of", bound=Hashable)


def flow(
    drawn: Contributions, *, named: Callable[[str], str], says: Callable[[Contribution], str],
    href: Callable[[Contribution], str],
) -> SafeString:  # fmt: skip
    """Sources on the left, outcomes on the right, both from the first to the last; a band leads to its contacts."""
    total = sum(part.credit for part in drawn.parts) or 1.0
    scale = _HIGH / total
    left = _stacked([(source, drawn.total(source) * scale) for source in drawn.sources])
    reached = {one: sum(part.credit for part in drawn.parts if part.outcome == one) for one in drawn.outcomes}
    right = _stacked([(one, reached[one] * scale) for one in drawn.outcomes])
    height = max([_TOP, *(y + high for y, high in [*left.values(), *right.values()])]) + 8
    bands = _bands(drawn, scale, left, right, says, href)
    bars = [
        *(_node(_LEFT - _BAR, y, high, named(source), left=True) for source, (y, high) in left.items()),
        *(_node(_RIGHT, y, high, one.label, left=False) for one, (y, high) in right.items()),
    ]
    heads = [
        svg.text("Touched by", x=_LEFT - _BAR - 8, y=14, css="flow-head", anchor="end"),
        svg.text("Came to", x=_RIGHT + _BAR + 8, y=14, css="flow-head"),
    ]
    picture = svg.element(
        "svg", *heads, *bands, *bars, view_box=f"0 0 {WIDTH:.0f} {height:.0f}", css="flow", role="group",
        aria_label="What led to what; the table says each number",
    )  # fmt: skip
    return mark_safe(picture)  # noqa: S308  made of escaped elements


def _stacked(sizes: Iterable[tuple[_Of, float]]) -> dict[_Of, tuple[float, float]]:
    """Where each begins, and how high it is, one below the other."""
    made: dict[_Of, tuple[float, float]] = {}
    y = _TOP
    for of, size in sizes:
        high = max(size, _LEAST)
        made[of] = (y, high)
        y += max(high, _WORD) + _GAP
    return made


def _bands(
    drawn: Contributions,
    scale: float,
    left: dict[str, tuple[float, float]],
    right: dict[Outcome, tuple[float, float]],
    says: Callable[[Contribution], str],
    href: Callable[[Contribution], str],
) -> list[str]:
    """In the order of both sides, so that bands of one bar lie beside each other."""
    from_y = {source: y for source, (y, _) in left.items()}
    to_y = {outcome: y for outcome, (y, _) in right.items()}
    places = {outcome: number for number, outcome in enumerate(drawn.outcomes)}
    made = []
    for source in drawn.sources:
        parts = sorted((one for one in drawn.parts if one.source == source), key=lambda one: places[one.outcome])
        for part in parts:
            high = part.credit * scale
            band = svg.element("path", svg.title(says(part)), d=_band(from_y[source], to_y[part.outcome], high),
                               css=f"flow-band flow-{drawn.sources.index(source) % 5}")  # fmt: skip
            address = href(part)
            made.append(svg.element("a", band, href=address, aria_label=says(part)) if address else band)
            from_y[source] += high
            to_y[part.outcome] += high
    return made


def _band(y: float, to: float, high: float) -> str:
    middle = (_LEFT + _RIGHT) / 2
    thick = max(high, 1.0)
    return (
        f"M{_LEFT:.1f} {y:.1f}C{middle:.1f} {y:.1f} {middle:.1f} {to:.1f} {_RIGHT:.1f} {to:.1f}"
        f"V{to + thick:.1f}C{middle:.1f} {to + thick:.1f} {middle:.1f} {y + thick:.1f} {_LEFT:.1f} {y + thick:.1f}Z"
    )


def _node(x: float, y: float, high: float, name: str, *, left: bool) -> str:
    bar = svg.element("rect", x=x, y=y, width=_BAR, height=high, css="flow-node")
    at, anchor = (x - 8, "end") if left else (x + _BAR + 8, "")
    words = svg.shortened(name, width=_LEFT - _BAR - 12, size=12)
    return svg.element(
        "g", svg.title(name), bar, svg.text(words, x=at, y=y + high / 2 + 4, css="flow-word", anchor=anchor)
    )
