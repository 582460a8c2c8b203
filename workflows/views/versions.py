"""The versions of a workflow: who made each and why, and what differs between any two, in words and on the map."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe

from martechops.people.permissions import may
from workflows.engine.workflow_difference import Difference, compare
from workflows.models import Version, Workflow
from workflows.queries import changed_uses, comments, in_flight, names, specs

from .editor import workflow_of
from .map_drawing import draw
from .map_layout import COMPACT
from .map_steps import Names, map_edges, map_steps, with_marks

#: What a change is called on the map, and its tone.
_MARKS: Mapping[str, tuple[str, str]] = {
    "added": ("+ added", "good"),
    "removed": ("− removed", "bad"),
    "changed": ("≠ changed", "warn"),
    "moved": ("⇅ moved", "info"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One version on the timeline, with what it changed."""

    version: Version
    difference: Difference
    #: `draft`, or as `queries.in_flight.Standings` has it.
    state: str
    is_newest: bool
    #: How many are on the way on it; one that is not live finishes with them.
    in_flight: int

    @property
    def is_live(self) -> bool:
        return self.state == in_flight.LIVE


def timeline(request: HttpRequest, key: str) -> HttpResponse:
    """Every version, newest first."""
    workflow = workflow_of(key)
    rows = list(workflow.versions.select_related("author").order_by("-number")[:100])
    standing = in_flight.standings(workflow.pk)
    lines = [
        Line(
            version=row,
            difference=compare(older.content if older else {}, row.content),
            state=standing.of(row.pk) if row.frozen_at else "draft",
            is_newest=at == 0,
            in_flight=standing.waiting.get(row.pk, 0),
        )
        for at, (row, older) in enumerate(zip(rows, [*rows[1:], None], strict=True))
    ]
    steps = [step.get("key", "") for step in rows[0].content.get("steps") or ()] if rows else []
    context = {
        "workflow": workflow,
        "lines": lines,
        "numbers": [row.number for row in rows],
        "may_edit": may(request.user, "workflows.edit", workflow),
        "lost_threads": comments.elsewhere(workflow, steps),
    }
    return render(request, "workflows/versions.html", context)


def difference(request: HttpRequest, key: str) -> HttpResponse:
    """What differs from one version to another; from the one before the newest to the newest, if none is asked."""
    workflow = workflow_of(key)
    rows = {row.number: row for row in workflow.versions.select_related("author").order_by("-number")[:100]}
    numbers = list(rows)
    new = _asked(request.GET.get("to", ""), rows) or (rows[numbers[0]] if rows else None)
    older = [number for number in numbers if new and number < new.number]
    old = _asked(request.GET.get("from", ""), rows) or (rows[older[0]] if older else None)
    context: dict[str, Any] = {"workflow": workflow, "numbers": numbers, "old": old, "new": new}
    if old and new:
        found = compare(old.content, new.content)
        known = Names(teams=names.of_teams(), systems=names.of_systems())
        context |= {
            "difference": found,
            "uses": changed_uses.between(new.content, old=old.frozen_at or old.edited_at, new=new.frozen_at),
            "maps": [
                (f"Version {old.number}", _map(workflow, old, found, known, ("removed", "changed", "moved"))),
                (f"Version {new.number}", _map(workflow, new, found, known, ("added", "changed", "moved"))),
            ],
        }
    return render(request, "workflows/compare.html", context)


def _map(
    workflow: Workflow, version: Version, found: Difference, known: Names, kinds: tuple[str, ...]
) -> SafeString | None:
    """The version's map with what became of each step said on it; None where there is no step to draw."""
    spec = specs.of(version).spec
    marks = {step.key: _MARKS[step.kind] for step in found.steps if step.kind in kinds}
    steps = with_marks(map_steps(spec, names=known), marks=marks)
    if not steps:
        return None
    label = f"Map of {workflow.name}, version {version.number}"
    svg = draw(steps, map_edges(spec), label=label, geometry=COMPACT)
    return mark_safe(svg)  # noqa: S308  (every word in it was escaped where it was put in)


def _asked(number: str, rows: Mapping[int, Version]) -> Version | None:
    return rows.get(int(number)) if number.isdecimal() and len(number) < 9 else None
