"""Where everything on a workflow's map goes: stages are columns, owner teams are lanes. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from martechops.lib.svg import Box, Point

STAGES = ("capture", "enrich", "engage", "measure")


@dataclass(frozen=True, slots=True)
class MapStep:
    """One box on the map, ready to be drawn."""

    key: str
    title: str
    #: entry, act, wait, choose, stop or exit.
    kind: str
    stage: str
    #: Name of the owner team.
    lane: str
    icon: str = "circle-dot"
    #: The line below the title: the system, the length of a wait.
    note: str = ""
    guards: int = 0
    #: Where data enters and leaves, in words.
    marks: tuple[str, ...] = ()
    #: Open threads of what people say about it.
    comments: int = 0
    #: Key of the owner team, for those who put a step elsewhere.
    team: str = ""
    #: Does a rule decide whether it happens?
    ruled: bool = False
    risk: str = "low"
    href: str = ""
    #: What a screen reader says, and a pointer shows.
    says: str = ""
    #: How many are here now, or what happened here in one run.
    mark: str = ""
    mark_tone: str = ""
    lit: bool = False
    chosen: bool = False
    #: 1 (cool) to 5 (hot) where the map shows how something is spread; 0: nothing is known of the step.
    heat: int = 0
    #: Can it be moved and changed where it is drawn?
    is_edited: bool = False


@dataclass(frozen=True, slots=True)
class MapEdge:
    """A way from one box to another; `label` is a letter or a word, `says` the whole rule."""

    start: str
    end: str
    label: str = ""
    says: str = ""
    lit: bool = False


@dataclass(frozen=True, slots=True)
class Geometry:
    """Sizes in the picture's own units."""

    node_width: float = 124
    gutter: float = 26
    row_gap: float = 24
    margin: float = 8
    header: float = 30
    lane_header: float = 26
    lane_padding: float = 12

    def height_of(self, kind: str) -> float:
        return 30.0 if kind in {"entry", "exit"} else 64.0

    @property
    def column_width(self) -> float:
        return self.node_width + self.gutter

    @property
    def width(self) -> float:
        return 2 * self.margin + len(STAGES) * self.column_width


#: Two maps beside each other on a laptop; one beside a panel; and one alone.
COMPACT = Geometry()
MIDDLING = Geometry(node_width=152, gutter=36, row_gap=26)
ROOMY = Geometry(node_width=188, gutter=52, row_gap=28, lane_padding=14)


@dataclass(frozen=True, slots=True)
class Lane:
    """A strip of the map that one team owns."""

    name: str
    box: Box
    #: Key of the team.
    team: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """Every place: of boxes by key, of lanes and columns, and of each edge's corners."""

    boxes: dict[str, Box]
    lanes: tuple[Lane, ...]
    columns: tuple[tuple[str, Box], ...]
    routes: tuple[tuple[Point, ...], ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Cell:
    lane: str
    column: int
    row: int


def lay_out(steps: Sequence[MapStep], edges: Sequence[MapEdge], *, geometry: Geometry = COMPACT) -> Layout:
    """Places boxes in the order given: one below the other where stage and owner are the same."""
    cells = _cells(steps)
    lanes, row_tops = _lanes(_by_lane(steps, edges), cells, geometry)
    boxes = {step.key: _box(step, cells[step.key], row_tops, geometry) for step in steps}
    height = (lanes[-1].box.bottom if lanes else geometry.header) + geometry.margin
    top = geometry.margin
    columns = tuple(
        (
            stage,
            Box(geometry.margin + at * geometry.column_width, top, geometry.column_width, height - 2 * geometry.margin),
        )
        for at, stage in enumerate(STAGES)
    )
    routes = _Router(boxes, cells, geometry).routes(edges)
    return Layout(boxes, lanes, columns, routes, geometry.width, height)


def _cells(steps: Sequence[MapStep]) -> dict[str, _Cell]:
    filled: Counter[tuple[str, int]] = Counter()
    cells = {}
    for step in steps:
        place = (step.lane, STAGES.index(step.stage))
        cells[step.key] = _Cell(lane=place[0], column=place[1], row=filled[place])
        filled[place] += 1
    return cells


#: Orders of so many lanes are few enough to try them all.
_MOST_LANES_ORDERED = 6


def _by_lane(steps: Sequence[MapStep], edges: Sequence[MapEdge]) -> list[MapStep]:
    """The same steps with the lanes in the order that makes ways between them short, and downwards where they can be.

    The lane in which everything begins stays first. Of equally good orders the one in which the lanes appear wins.
    """
    lanes = list(dict.fromkeys(step.lane for step in steps))
    if not 2 < len(lanes) <= _MOST_LANES_ORDERED:
        return sorted(steps, key=lambda step: lanes.index(step.lane))
    lane_of = {step.key: step.lane for step in steps}
    ways = [(lane_of[edge.start], lane_of[edge.end]) for edge in edges]
    orders = ([lanes[0], *rest] for rest in permutations(lanes[1:]))
    best = min(orders, key=lambda order: sum(_length(order.index(start), order.index(end)) for start, end in ways))
    return sorted(steps, key=lambda step: best.index(step.lane))


def _length(start: int, end: int) -> float:
    return end - start if end >= start else 1.5 * (start - end)


def _lanes(
    steps: Sequence[MapStep], cells: dict[str, _Cell], geometry: Geometry
) -> tuple[tuple[Lane, ...], dict[tuple[str, int], float]]:
    heights: dict[str, dict[int, float]] = {}
    teams = {step.lane: step.team for step in reversed(steps)}
    for step in steps:
        rows = heights.setdefault(step.lane, {})
        row = cells[step.key].row
        rows[row] = max(rows.get(row, 0), geometry.height_of(step.kind))
    lanes, tops = [], {}
    y = geometry.margin + geometry.header
    for name, rows in heights.items():
        start = y
        y += geometry.lane_header
        for row in sorted(rows):
            tops[name, row] = y
            y += rows[row] + geometry.row_gap
        y += geometry.lane_padding - geometry.row_gap
        box = Box(geometry.margin, start, geometry.width - 2 * geometry.margin, y - start)
        lanes.append(Lane(name, box, teams[name]))
    return tuple(lanes), tops


def _box(step: MapStep, cell: _Cell, tops: dict[tuple[str, int], float], geometry: Geometry) -> Box:
    x = geometry.margin + cell.column * geometry.column_width + geometry.gutter / 2
    return Box(x, tops[cell.lane, cell.row], geometry.node_width, geometry.height_of(step.kind))


class _Router:
    """Finds corners for edges: along the gutters between columns and the gaps above rows, never through a box."""

    def __init__(self, boxes: dict[str, Box], cells: dict[str, _Cell], geometry: Geometry) -> None:
        self.boxes, self.cells, self.geometry = boxes, cells, geometry
        self.taken: Counter[int] = Counter()
        self.leaving: Counter[str] = Counter()
        self.left: Counter[str] = Counter()

    def routes(self, edges: Sequence[MapEdge]) -> tuple[tuple[Point, ...], ...]:
        self.leaving.update(edge.start for edge in edges)
        return tuple(tuple(self._route(edge)) for edge in edges)

    def _gutter(self, index: int) -> float:
        """A free line in the gutter left of a column; edges that share one are drawn side by side."""
        shift = (0, 1, -1, 2, -2)[self.taken[index] % 5] * min(5.0, self.geometry.gutter / 6)
        self.taken[index] += 1
        return self.geometry.margin + index * self.geometry.column_width + shift

    def _out(self, key: str, *, forward: bool) -> Point:
        """Where an edge leaves a box; the ways of a branch leave one below the other."""
        box = self.boxes[key]
        at = self.left[key] - (self.leaving[key] - 1) / 2
        self.left[key] += 1
        return box.right if forward else box.x, box.middle[1] + at * 17

    def _into(self, key: str, *, forward: bool) -> Point:
        """Where an edge arrives: in the middle from the left, and lower from the right, where others leave."""
        box = self.boxes[key]
        return (box.x, box.middle[1]) if forward else (box.right, box.y + box.height * 0.78)

    def _route(self, edge: MapEdge) -> list[Point]:
        start, end = self.boxes[edge.start], self.boxes[edge.end]
        a, b = self.cells[edge.start].column, self.cells[edge.end].column
        if a == b:
            return self._within_column(edge, start, end, a)
        forward = b > a
        out, into = self._out(edge.start, forward=forward), self._into(edge.end, forward=forward)
        near_start, near_end = (a + 1, b) if forward else (a, b + 1)
        if near_start == near_end:
            x = self._gutter(near_start) if abs(out[1] - into[1]) > 1 else into[0]
            return [out, (x, out[1]), (x, into[1]), into]
        if self._is_free(out[1], columns=range(min(a, b) + 1, max(a, b))):
            x = self._gutter(near_end)
            return [out, (x, out[1]), (x, into[1]), into]
        x0, x1 = self._gutter(near_start), self._gutter(near_end)
        above = end.y - self.geometry.row_gap * 0.4
        return [out, (x0, out[1]), (x0, above), (x1, above), (x1, into[1]), into]

    def _within_column(self, edge: MapEdge, start: Box, end: Box, column: int) -> list[Point]:
        between = [
            box
            for key, box in self.boxes.items()
            if self.cells[key].column == column and start.bottom < box.middle[1] < end.y
        ]
        if end.y > start.y and not between:
            return [(start.middle[0], start.bottom), (end.middle[0], end.y)]
        out, into = self._out(edge.start, forward=True), self._into(edge.end, forward=False)
        x = self._gutter(column + 1)
        return [out, (x, out[1]), (x, into[1]), into]

    def _is_free(self, y: float, *, columns: range) -> bool:
        return not any(
            box.y - 4 < y < box.bottom + 4 for key, box in self.boxes.items() if self.cells[key].column in columns
        )
