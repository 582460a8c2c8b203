"""Workflows: the list, and one with its map, its steps in a table and its versions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from martechops.lib.tabs import Tab
from martechops.people.permissions import may
from workflows.engine.spec import STAGES, Spec
from workflows.lint import Readiness
from workflows.models import Version, Workflow
from workflows.queries import comments, in_flight, names, specs, workflows
from workflows.queries.workflows import WorkflowLine

from . import checked
from .checked import Summary
from .map_drawing import draw
from .map_layout import COMPACT, ROOMY
from .map_steps import Names, StepRow, map_edges, map_steps, step_rows, with_marks


@dataclass(frozen=True, slots=True)
class ListLine:
    """One line of the list."""

    workflow: Workflow
    version: Version | None
    draft: Version | None
    live_since: datetime | None
    in_flight: int
    last_run_at: datetime | None
    stages: tuple[tuple[str, bool], ...]
    steps: int
    risk: str
    readiness: Readiness | None
    #: Findings that have to be mended, and the worst of their severities.
    findings: int
    worst: str

    @property
    def state(self) -> str:
        if self.workflow.map_only:
            return "documented"
        return "live" if self.live_since else "draft"


@dataclass(frozen=True, slots=True)
class MapView:
    """One workflow drawn, with the table of its six fields."""

    which: str
    heading: str
    workflow: Workflow
    version: Version
    picture: SafeString
    rows: list[StepRow]
    success: tuple[str, ...]
    risk: str


def listing(request: HttpRequest) -> HttpResponse:
    """Every workflow with what one asks first."""
    found = checked.of_all()
    lines = [_list_line(line, found.get(line.workflow.key)) for line in workflows.listed()]
    return render(
        request,
        "workflows/workflow_list.html",
        {
            "may_add": may(request.user, "workflows.edit"),
            "running": [line for line in lines if not line.workflow.map_only],
            "documented": [line for line in lines if line.workflow.map_only],
        },
    )


def _list_line(line: WorkflowLine, found: Summary | None = None) -> ListLine:
    spec = _spec(line.version)
    used = {step.stage for step in spec.steps} if spec else set()
    return ListLine(
        workflow=line.workflow,
        version=line.version,
        draft=line.draft,
        live_since=line.live_since,
        in_flight=line.in_flight,
        last_run_at=line.last_run_at,
        stages=tuple((stage, stage in used) for stage in STAGES),
        steps=len(spec.steps) if spec else 0,
        risk=spec.risk if spec else "low",
        readiness=found.readiness if found else None,
        findings=found.count if found else 0,
        worst=found.worst if found else "",
    )


def _spec(version: Version | None) -> Spec | None:
    """What can be read of the version's content; None where there is no version, or no step of it can be read."""
    spec = specs.of(version).spec if version else None
    return spec if spec and spec.steps else None


def detail(request: HttpRequest, key: str) -> HttpResponse:
    """One workflow: its map, beside the map of how things are today where that is documented."""
    line = workflows.found(key)
    if line is None:
        raise Http404(f"workflow {key}")
    view = request.GET.get("view", "")
    if view == "versions":
        return redirect("workflow-versions", key=key)
    chosen, which = request.GET.get("step", ""), request.GET.get("map", "")
    current = None if line.workflow.map_only else _current(line.workflow)
    view = view if current and view in {"target", "current"} else ("both" if current else "")
    frame = _frame(line, request, view=view, has_current=current is not None)
    shown = [
        (name, one) for name, one in (("target", line), ("current", current)) if one and view in ("", "both", name)
    ]
    geometry = COMPACT if len(shown) == 2 else ROOMY
    waiting = workflows.waiting_by_step(line.workflow.pk)
    talked = comments.open_in([one.workflow for _, one in shown])
    known = Names(teams=names.of_teams(), systems=names.of_systems())
    maps = [
        _map_view(
            one,
            which=name,
            names_=known,
            base=_base(view, name),
            chosen=chosen if which == name else "",
            compact=geometry is COMPACT,
            waiting={} if one.workflow.map_only else waiting,
            talked=talked.get(one.workflow.pk, {}),
        )
        for name, one in shown
    ]
    drawn = [one for one in maps if one]
    return render(
        request,
        "workflows/workflow_map.html",
        frame
        | {
            "maps": drawn,
            "panel": _panel(drawn, which, chosen),
            "panel_close": _base(view, "").rstrip("&"),
            "templates": names.of_templates() if chosen else {},
            "checked": checked.of(key, _spec(line.version)),
            "step_key": chosen,
            "threads": comments.threads(line.workflow, chosen) if chosen and which != "current" else [],
            "here": waiting.get(chosen, 0),
        },
    )


def _base(view: str, which: str) -> str:
    parts = [f"view={view}" if view else "", f"map={which}" if which else ""]
    return "?" + "".join(f"{part}&" for part in parts if part)


def _current(workflow: Workflow) -> WorkflowLine | None:
    """The map of how it is done today, if one is documented."""
    documented = next(iter(workflow.current_states.all()), None)
    return workflows.found(documented.key) if documented else None


def head(line: WorkflowLine, request: HttpRequest, *, view: str) -> dict[str, object]:
    """What the head and tabs of another page about one workflow need; `view` is the name of its tab."""
    current = None if line.workflow.map_only else _current(line.workflow)
    base = reverse("workflow", args=[line.workflow.key])
    return _frame(line, request, view=view, has_current=current is not None, base=base)


def _frame(
    line: WorkflowLine, request: HttpRequest, *, view: str, has_current: bool, base: str = ""
) -> dict[str, object]:
    """What the page's head and tabs need."""
    return {
        "may_edit": may(request.user, "workflows.edit", line.workflow),
        "may_add": may(request.user, "workflows.edit"),
        "may_comment": may(request.user, "workflows.comment"),
        "line": _list_line(line),
        "workflow": line.workflow,
        "draft": line.draft,
        "has_current": has_current,
        "tabs": _tabs(line, view, has_current=has_current, base=base),
        "finishing": _finishing(line),
    }


def _finishing(line: WorkflowLine) -> int:
    """How many are on the way on versions that nobody enters any more."""
    if not line.in_flight:
        return 0
    return in_flight.standings(line.workflow.pk).finishing


def _tabs(line: WorkflowLine, view: str, *, has_current: bool, base: str) -> list[Tab]:
    maps = (
        [
            Tab("Target and current", base or "?", current=view == "both"),
            Tab("Target", f"{base}?view=target", current=view == "target"),
            Tab("Current", f"{base}?view=current", current=view == "current"),
        ]
        if has_current
        else [Tab("Map", base or "?", current=view == "")]
    )
    address = reverse("workflow-versions", args=[line.workflow.key])
    versions = Tab("Versions", address, count=len(line.workflow.versions.all()))
    if line.workflow.map_only:
        return [*maps, versions]
    bench = Tab("Test bench", reverse("test-bench", args=[line.workflow.key]))
    health = Tab("Health", reverse("workflow-health", args=[line.workflow.key]), current=view == "health")
    return [*maps, health, versions, bench]


def _map_view(
    line: WorkflowLine,
    *,
    which: str,
    names_: Names,
    base: str,
    chosen: str,
    compact: bool,
    waiting: Mapping[str, int],
    talked: Mapping[str, int],
) -> MapView | None:
    spec = _spec(line.version)
    if spec is None or line.version is None:
        return None
    heading = "Current state" if line.workflow.map_only else "Target"
    drawn = map_steps(spec, names=names_, base=base, chosen=chosen)
    steps = with_marks(
        [replace(step, comments=talked.get(step.key, 0)) for step in drawn],
        marks={key: (f"{count} here", "info") for key, count in waiting.items()},
    )
    picture = draw(steps, map_edges(spec), label=f"Map of {line.workflow.name}", geometry=COMPACT if compact else ROOMY)
    return MapView(
        which=which,
        heading=heading,
        workflow=line.workflow,
        version=line.version,
        picture=mark_safe(picture),  # noqa: S308  (every word in it was escaped where it was put in)
        rows=step_rows(spec, names=names_),
        success=tuple(criterion.says for criterion in spec.success),
        risk=spec.risk,
    )


def _panel(maps: list[MapView], which: str, chosen: str) -> StepRow | None:
    rows = [row for one in maps if one.which == (which or "target") for row in one.rows]
    return next((row for row in rows if row.key == chosen), None)
