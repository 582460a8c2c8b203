"""Trends, sparks and steps as SVG. Pictures stretch to their place: words and numbers stand beside them as text."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from django.utils.safestring import SafeString, mark_safe

from martechops.lib import svg

Series = Sequence[tuple[date, float | None]]

WIDTH, HEIGHT = 100.0, 40.0


def spark(series: Series, *, label: str) -> SafeString:
    """A small line, with what is under it."""
    top = max((value for _, value in series if value), default=0) or 1
    points = _points(series, top=top)
    return _picture("metric-spark", label, *_area(points), *_line(points, css="trend-line"))


def trend(
    series: Series,
    former: Series,
    *,
    top: float,
    target: float | None,
    marks: Sequence[datetime],
    titles: Sequence[str],
    label: str,
) -> SafeString:
    """The time over the time before, what is to be reached, and when something happened."""
    points, past = _points(series, top=top), _points(former, top=top)
    return _picture(
        "trend",
        label,
        *(_rule(HEIGHT * part, css="trend-grid") for part in (0.02, 0.5, 0.98)),
        *_area(points),
        *_line(past, css="trend-former"),
        *([_rule(_height(target, top), css="trend-target")] if target is not None and target <= top else []),
        *(_mark(at, series) for at in marks),
        *_line(points, css="trend-line"),
        *_hovers(titles),
    )


def days_below(series: Series, *, most: int = 7) -> list[date]:
    """Of the days of a trend those that are written below it, as far from each other as they are there.

    >>> [day.day for day in days_below([(date(2026, 11, n), 0.0) for n in range(1, 31)])]
    [1, 6, 11, 15, 20, 25, 30]
    """
    last = len(series) - 1
    number = min(most, len(series))
    return [series[round(at * last / max(number - 1, 1))][0] for at in range(number)]


def share(part: float, whole: float, *, css: str = "") -> SafeString:
    """A bar as long as a part of the whole."""
    width = WIDTH * max(0.0, min(1.0, part / whole)) if whole else 0.0
    bar = svg.element("rect", x=0, y=0, width=f"{width:.2f}", height=10, css=f"step-bar {css}".strip())
    body = svg.element("rect", x=0, y=0, width=100, height=10, css="step-track") + bar
    drawn = svg.element("svg", body, view_box="0 0 100 10", preserveAspectRatio="none", css="step", aria_hidden="true")
    return mark_safe(drawn)  # noqa: S308  made of escaped elements


def nice_top(values: Sequence[float | None]) -> float:
    """The next round number at or above all of them.

    >>> nice_top([3, 17, None]), nice_top([0.034]), nice_top([])
    (20.0, 0.04, 1.0)
    """
    most = max((value for value in values if value), default=0)
    if most <= 0:
        return 1.0
    size = 10.0 ** (len(f"{most:.0f}") - 1) if most >= 1 else 10.0 ** -(len(f"{1 / most:.0f}"))
    step = next(step for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10, 20) if step * size >= most)
    return round(step * size, 12)


def _points(series: Series, *, top: float) -> list[svg.Point | None]:
    across = WIDTH / max(len(series) - 1, 1)
    return [None if value is None else (at * across, _height(value, top)) for at, (_, value) in enumerate(series)]


def _height(value: float, top: float) -> float:
    return HEIGHT * (0.98 - 0.96 * max(0.0, min(1.0, value / top)))


def _pieces(points: Sequence[svg.Point | None]) -> Iterator[list[svg.Point]]:
    """What can be drawn in one go: a span of which nothing can be said is a gap."""
    piece: list[svg.Point] = []
    for point in [*points, None]:
        if point is not None:
            piece.append(point)
        elif piece:
            yield piece
            piece = []


def _line(points: Sequence[svg.Point | None], *, css: str) -> Iterator[str]:
    for piece in _pieces(points):
        if len(piece) == 1:  # alone between two gaps
            (x, y) = piece[0]
            piece = [(max(x - 0.6, 0), y), (min(x + 0.6, WIDTH), y)]
        yield svg.element("path", d=_way(piece), css=css, vector_effect="non-scaling-stroke")


def _area(points: Sequence[svg.Point | None]) -> Iterator[str]:
    for piece in _pieces(points):
        if len(piece) > 1:
            first, last = svg.number(piece[0][0]), svg.number(piece[-1][0])
            yield svg.element("path", d=f"{_way(piece)}L{last} {HEIGHT:.0f}L{first} {HEIGHT:.0f}Z", css="trend-area")


def _way(points: Sequence[svg.Point]) -> str:
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points)


def _rule(y: float, *, css: str) -> str:
    return svg.element("path", d=f"M0 {y:.2f}H{WIDTH:.0f}", css=css, vector_effect="non-scaling-stroke")


def _mark(at: datetime, series: Series) -> str:
    day = at.date()
    place = max((number for number, (start, _) in enumerate(series) if start <= day), default=0)
    x = WIDTH * place / max(len(series) - 1, 1)
    return svg.element("path", d=f"M{x:.2f} 0V{HEIGHT:.0f}", css="trend-mark", vector_effect="non-scaling-stroke")


def _hovers(titles: Sequence[str]) -> Iterator[str]:
    """A strip for each span, which says its numbers to a pointer."""
    across = WIDTH / max(len(titles) - 1, 1)
    for at, words in enumerate(titles):
        x = max(at * across - across / 2, 0)
        yield svg.element(
            "rect", svg.title(words), x=f"{x:.2f}", y=0, width=f"{across:.2f}", height=HEIGHT, css="trend-hover"
        )


def _picture(css: str, label: str, *inside: str) -> SafeString:
    drawn = svg.element(
        "svg", *inside, view_box="0 0 100 40", preserveAspectRatio="none", role="img", aria_label=label, css=css
    )
    return mark_safe(drawn)  # noqa: S308  made of escaped elements
