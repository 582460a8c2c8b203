"""The picture of a loop between workflows: boxes in a row, each with the step that sets the next one off. Pure."""

from collections.abc import Sequence
from itertools import pairwise

from martechops.lib.svg import Box, arrow_head, element, rectangle, rounded_path, shortened, text, title

#: A box, and the room between two.
WIDTH, HEIGHT, GAP = 190.0, 46.0, 46.0
_TOP, _DEEP = 8.0, 26.0


def draw(places: Sequence[tuple[str, str, str]]) -> str:
    """Of (workflow, step, address), in the order in which they set each other off; the last leads back to the first."""
    boxes = [Box(4 + at * (WIDTH + GAP), _TOP, WIDTH, HEIGHT) for at in range(len(places))]
    parts = [_node(box, *place) for box, place in zip(boxes, places, strict=True)]
    parts += [_arrow([(one.right, one.middle[1]), (other.x, other.middle[1])]) for one, other in pairwise(boxes)]
    first, last = boxes[0], boxes[-1]
    low = last.bottom + _DEEP
    start, end = last.middle[0] + (24 if len(boxes) == 1 else 0), first.middle[0] - (24 if len(boxes) == 1 else 0)
    parts.append(_arrow([(start, last.bottom), (start, low), (end, low), (end, first.bottom)]))
    words = " → ".join([*(name for name, _, _ in places), places[0][0]])
    size = f"0 0 {last.right + 4:.0f} {low + 6:.0f}"
    return element("svg", *parts, css="map loop", role="group", aria_label=f"Loop: {words}", view_box=size)


def _node(box: Box, workflow: str, step: str, href: str) -> str:
    inside = [
        title(f"{workflow}: {step}"),
        rectangle(box, css="map-box", radius=8),
        text(shortened(workflow, width=WIDTH - 20, size=12), x=box.x + 10, y=box.y + 19, css="map-title"),
        text(shortened(step, width=WIDTH - 20, size=10.5), x=box.x + 10, y=box.y + 35, css="map-note"),
    ]
    return element("a", *inside, css="map-node", href=href, aria_label=f"{workflow}: {step}")


def _arrow(points: list[tuple[float, float]]) -> str:
    return element("path", d=rounded_path(points, radius=8), css="map-line") + arrow_head(points, css="map-head")
