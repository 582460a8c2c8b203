"""Pictures as text: the few shapes that maps and charts are drawn from.

Looks are classes, never colours, so that one sheet decides them in light and dark.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

Point = tuple[float, float]

#: Widths of letters in parts of the font's size, wide enough for the widest common sans serif in its bold.
_NARROW = frozenset("fijlrtI.,:;'|!()[] ")
_WIDE = frozenset("mwMWQO@%")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle and its middle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> Point:
        return self.x + self.width / 2, self.y + self.height / 2


def number(value: float) -> str:
    """A coordinate, without digits that nobody sees.

    >>> number(12.0), number(3.14159)
    ('12', '3.1')
    """
    return f"{value:.1f}".removesuffix(".0")


def element(name: str, *inside: str, **attributes: object) -> str:
    """One element. Attributes are escaped; `inside` is markup already, so text goes through `text` or `words`.

    >>> element("rect", x=1.0, css='a"b')
    '<rect x="1" class="a&quot;b"/>'
    """
    written = "".join(
        f' {_attribute(key)}="{_value(value)}"' for key, value in attributes.items() if value not in (None, "")
    )
    return f"<{name}{written}>{''.join(inside)}</{name}>" if inside else f"<{name}{written}/>"


def _attribute(key: str) -> str:
    return "class" if key == "css" else "viewBox" if key == "view_box" else key.replace("_", "-")


def _value(value: object) -> str:
    return number(value) if isinstance(value, float) else escape(str(value))


def text(words: str, *, x: float, y: float, css: str = "", anchor: str = "") -> str:
    """Words at a place, escaped."""
    return element("text", escape(words), x=x, y=y, css=css, text_anchor=anchor)


def title(words: str) -> str:
    """What a pointer shows and a screen reader says."""
    return element("title", escape(words))


def rectangle(box: Box, *, css: str = "", radius: float = 0) -> str:
    return element("rect", x=box.x, y=box.y, width=box.width, height=box.height, css=css, rx=radius if radius else None)


def estimated_width(words: str, *, size: float) -> float:
    """About how wide words are; never much less than they turn out.

    >>> 30 < estimated_width("Qualify", size=12) < 55
    True
    """
    return size * sum(0.34 if c in _NARROW else 0.88 if c in _WIDE else 0.66 if c.isupper() else 0.56 for c in words)


def wrapped(words: str, *, width: float, size: float, lines: int) -> list[str]:
    """Words over at most so many lines; what does not fit ends in an ellipsis.

    >>> wrapped("Demo request to nurture", width=80, size=12, lines=2)
    ['Demo request', 'to nurture']
    """
    out: list[str] = []
    line = ""
    for word in words.split():
        longer = f"{line} {word}".strip()
        if line and estimated_width(longer, size=size) > width:
            out.append(line)
            line = word
        else:
            line = longer
    out.append(line)
    if len(out) > lines:
        out = [*out[: lines - 1], " ".join(out[lines - 1 :])]
    return [shortened(line, width=width, size=size) for line in out]


def shortened(words: str, *, width: float, size: float) -> str:
    """Words cut to a width, with an ellipsis if any are lost."""
    if estimated_width(words, size=size) <= width:
        return words
    while words and estimated_width(f"{words}…", size=size) > width:
        words = words[:-1]
    return f"{words.rstrip()}…"


def rounded_path(points: Sequence[Point], *, radius: float) -> str:
    """A line through points with rounded corners, as the `d` of a path.

    >>> rounded_path([(0, 0), (10, 0)], radius=4)
    'M0 0L10 0'
    >>> rounded_path([(0, 0), (10, 0), (10, 10)], radius=4)
    'M0 0L6 0Q10 0 10 4L10 10'
    """
    points = _without_repeats(points)
    parts = [f"M{_at(points[0])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        parts.append(f"L{_at(_towards(corner, before, radius))}Q{_at(corner)} {_at(_towards(corner, after, radius))}")
    return "".join(parts) + f"L{_at(points[-1])}"


def _without_repeats(points: Sequence[Point]) -> list[Point]:
    kept = [points[0]]
    for point in points[1:]:
        if abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) > 0.01:
            kept.append(point)
    return kept


def _towards(start: Point, end: Point, distance: float) -> Point:
    """The point at a distance on the way to another, or half way if that is nearer."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = (dx * dx + dy * dy) ** 0.5
    share = min(distance, length / 2) / length if length else 0
    return start[0] + dx * share, start[1] + dy * share


def _at(point: Point) -> str:
    return f"{number(point[0])} {number(point[1])}"


def arrow_head(points: Sequence[Point], *, size: float = 5, css: str = "") -> str:
    """A filled triangle at the end of a line, in the direction of its last piece."""
    points = _without_repeats(points)
    (x0, y0), (x, y) = points[-2], points[-1]
    length = ((x - x0) ** 2 + (y - y0) ** 2) ** 0.5 or 1
    ux, uy = (x - x0) / length, (y - y0) / length
    back_x, back_y = x - ux * size * 1.3, y - uy * size * 1.3
    left, right = (
        (back_x - uy * size * 0.7, back_y + ux * size * 0.7),
        (back_x + uy * size * 0.7, back_y - ux * size * 0.7),
    )
    return element("path", d=f"M{_at((x, y))}L{_at(left)}L{_at(right)}Z", css=css)
