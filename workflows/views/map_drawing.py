"""The picture of a workflow: swim-lanes by owner, columns by stage, as an SVG of classes and words. Pure."""

from collections.abc import Sequence
from functools import lru_cache

import lucide

from martechops.lib.svg import (
    Box,
    arrow_head,
    element,
    estimated_width,
    rectangle,
    rounded_path,
    shortened,
    text,
    title,
    wrapped,
)
from martechops.templatetags.statuses import look_of

from .map_layout import COMPACT, Geometry, Lane, Layout, MapEdge, MapStep, lay_out

_TITLE, _NOTE, _PAD = 12.0, 10.5, 9.0
#: By the first word of what a mark says; whatever leaves, leaves.
_MARK_ICONS = {"data": "log-in"}


def draw(steps: Sequence[MapStep], edges: Sequence[MapEdge], *, label: str, geometry: Geometry = COMPACT) -> str:
    """The whole map. `label` says what it is a map of; each step is a link if it has an address."""
    layout = lay_out(steps, edges, geometry=geometry)
    parts = [
        *(_column(stage, box, geometry) for stage, box in layout.columns),
        *(_lane(lane) for lane in layout.lanes),
        *_edges(edges, layout),
        *(_node(step, layout.boxes[step.key]) for step in steps),
    ]
    css = "map path-shown" if any(step.lit for step in steps) else "map"
    return element(
        "svg", *parts, css=css, role="group", aria_label=label, view_box=f"0 0 {layout.width:.0f} {layout.height:.0f}"
    )


def _column(stage: str, box: Box, geometry: Geometry) -> str:
    name = text(
        stage.capitalize(), x=box.middle[0], y=box.y + geometry.header / 2 + 4, css="map-stage", anchor="middle"
    )
    return element("g", rectangle(box, css="map-column"), name, css=f"in-{stage}", data_stage=stage)


def _lane(lane: Lane) -> str:
    line = element("path", d=f"M{lane.box.x:.0f} {lane.box.y:.0f}H{lane.box.right:.0f}", css="map-lane-line")
    name = text(lane.name, x=lane.box.x + 10, y=lane.box.y + 17, css="map-lane")
    return element("g", rectangle(lane.box, css="map-lane-box"), line, name, data_team=lane.team)


def _edges(edges: Sequence[MapEdge], layout: Layout) -> list[str]:
    drawn = []
    for edge, points in zip(edges, layout.routes, strict=True):
        css = "map-edge lit" if edge.lit else "map-edge"
        line = element("path", d=rounded_path(points, radius=6), css="map-line")
        inside = [title(edge.says)] if edge.says else []
        inside += [line, arrow_head(points, css="map-head")]
        if edge.label:
            inside.append(_edge_label(edge.label, points[0], points[1]))
        drawn.append(element("g", *inside, css=css, data_from=edge.start, data_to=edge.end))
    return drawn


def _edge_label(label: str, start: tuple[float, float], second: tuple[float, float]) -> str:
    """A small chip on the edge's first piece."""
    down = abs(second[0] - start[0]) < 0.5
    width = max(14.0, estimated_width(label, size=9.5) + 8)
    x, y = (start[0] + 0.0, start[1] + 10) if down else (start[0] + (10 if second[0] > start[0] else -10), start[1])
    chip = rectangle(Box(x - width / 2, y - 7, width, 14), css="map-chip", radius=7)
    return chip + text(label, x=x, y=y + 3.5, css="map-chip-text", anchor="middle")


def _node(step: MapStep, box: Box) -> str:
    classes = ["map-node", f"is-{step.kind}", f"in-{step.stage}"]
    classes += [name for name, on in (("lit", step.lit), ("chosen", step.chosen)) if on]
    classes += [f"heat-{step.heat}"] if step.heat else []
    inside = [title(step.says or step.title), *_SHAPES.get(step.kind, _step_shape)(step, box)]
    if step.mark:
        inside.append(_mark(step, box))
    if step.is_edited:
        port = element("circle", cx=box.right, cy=box.middle[1], r=5.0, css="map-port")
        return element(
            "a",
            *inside,
            port,
            css=" ".join([*classes, "is-edited"]),
            href=step.href,
            aria_label=step.says or step.title,
            data_step=step.key,
            data_stage=step.stage,
            data_team=step.team,
        )
    if step.href:
        return element(
            "a",
            *inside,
            css=" ".join(classes),
            href=step.href,
            aria_label=step.says or step.title,
            data_panel_open="1",
            hx_get=step.href,
            hx_target="#panel",
            hx_select="#panel",
            hx_swap="outerHTML",
            hx_push_url="true",
        )
    return element("g", *inside, css=" ".join(classes))


def _step_shape(step: MapStep, box: Box) -> list[str]:
    """A card: title, then system and badges below."""
    room = box.width - 2 * _PAD
    lines = wrapped(step.title, width=room, size=_TITLE, lines=2)
    parts = [
        rectangle(box, css="map-box", radius=8),
        rectangle(Box(box.x, box.y + 10, 3, box.height - 20), css="map-edge-mark", radius=1.5),
    ]
    parts += [text(line, x=box.x + _PAD, y=box.y + 18 + 15 * at, css="map-title") for at, line in enumerate(lines)]
    badges, used = _badges(step, right=box.right - _PAD, y=box.bottom - 20)
    note = shortened(step.note, width=room - 17 - used, size=_NOTE)
    parts += [
        _icon(_MARK_ICONS.get(mark.split()[0], "log-out"), x=box.x - 7, y=box.y - 6 + 15 * at, size=14, css="map-flag")
        for at, mark in enumerate(step.marks)
    ]
    parts += [_icon(step.icon, x=box.x + _PAD, y=box.bottom - 20, size=13, css="map-icon")]
    parts += [text(note, x=box.x + _PAD + 17, y=box.bottom - 10, css="map-note"), *badges]
    return parts


def _wait_shape(step: MapStep, box: Box) -> list[str]:
    """A rounder card: time passes here, or a run stops."""
    room = box.width - 2 * _PAD - 8
    x = box.x + _PAD + 4
    lines = wrapped(step.title, width=room, size=_TITLE, lines=2)
    note = shortened(step.note, width=room - 17, size=_NOTE)
    return [
        rectangle(box, css="map-box", radius=20),
        *(text(line, x=x, y=box.y + 18 + 15 * at, css="map-title") for at, line in enumerate(lines)),
        _icon(step.icon, x=x, y=box.bottom - 20, size=13, css="map-icon"),
        text(note, x=x + 17, y=box.bottom - 10, css="map-note"),
    ]


def _end_shape(step: MapStep, box: Box) -> list[str]:
    """A pill: where people come in and go out."""
    icon = _icon(step.icon, x=box.x + 9, y=box.y + box.height / 2 - 6.5, size=13, css="map-icon")
    words = shortened(step.title, width=box.width - 36, size=11)
    return [
        rectangle(box, css="map-box", radius=box.height / 2),
        icon,
        text(words, x=box.x + 27, y=box.y + box.height / 2 + 4, css="map-end"),
    ]


_SHAPES = {"entry": _end_shape, "exit": _end_shape, "wait": _wait_shape, "stop": _wait_shape}


def _badges(step: MapStep, *, right: float, y: float) -> tuple[list[str], float]:
    """Rule, comments, guards and risk, from the right; and the width they take."""
    parts: list[str] = []
    x = right
    if step.risk != "low":
        x -= 13
        parts.append(_icon(look_of(step.risk).icon, x=x, y=y, size=13, css=f"map-risk {step.risk}"))
        x -= 3
    if step.guards:
        x -= 7
        parts.append(text(str(step.guards), x=x, y=y + 10, css="map-count"))
        x -= 14
        parts.append(_icon("shield-check", x=x, y=y, size=13, css="map-guard"))
        x -= 3
    if step.comments:
        x -= 7
        parts.append(text(str(step.comments), x=x, y=y + 10, css="map-count"))
        x -= 14
        parts.append(_icon("message-circle", x=x, y=y, size=12, css="map-comments"))
        x -= 3
    if step.ruled:
        x -= 13
        parts.append(_icon("funnel", x=x, y=y, size=12, css="map-guard"))
        x -= 3
    return parts, right - x


def _mark(step: MapStep, box: Box) -> str:
    """A chip on the corner: people here now, or what happened here."""
    width = max(18.0, estimated_width(step.mark, size=10) + 10)
    place = Box(box.right - width + 5, box.y - 8, width, 16)
    chip = rectangle(place, css=f"map-mark {step.mark_tone}", radius=8)
    return chip + text(
        step.mark, x=place.middle[0], y=place.y + 11.5, css=f"map-mark-text {step.mark_tone}", anchor="middle"
    )


def _icon(name: str, *, x: float, y: float, size: int, css: str) -> str:
    return _icon_anywhere(name, size, css).replace("@x", f"{x:.1f}", 1).replace("@y", f"{y:.1f}", 1)


@lru_cache(maxsize=512)
def _icon_anywhere(name: str, size: int, css: str) -> str:
    """Made once: a map has hundreds of the same few."""
    return lucide._render_icon(name, size, x="@x", y="@y", aria_hidden="true", **{"class": css})
