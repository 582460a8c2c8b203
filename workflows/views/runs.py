"""Runs: the list with its filters, and one with its path on the map."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe

from martechops.templatetags.statuses import look_of
from workflows.engine.parse import BadSpec, parse
from workflows.models import Run, Version
from workflows.queries import in_flight, names, runs, subjects, timeline

from .map_drawing import draw
from .map_layout import ROOMY
from .map_steps import ENTRY, EXIT, Names, lit_edges, map_edges, map_steps, with_marks
from .stories import StepStory, chapters, path_of, step_name


@dataclass(frozen=True, slots=True)
class RunLine:
    """One line of the list."""

    run: Run
    about: str
    version: Version | None
    step: str


def listing(request: HttpRequest) -> HttpResponse:
    """Runs, newest first, filtered by the address bar."""
    asked = request.GET
    by_id = names.of_workflows()
    workflow = next((one for one in by_id.values() if one.key == asked.get("workflow")), None)
    wanted = runs.RunFilter(
        workflow_id=workflow.pk if workflow else None, state=asked.get("state", ""), step=asked.get("step", "")
    )
    window = runs.window(wanted, before=asked.get("before", ""))
    about = subjects.named(window.rows)
    versions = runs.versions({run.version_id for run in window.rows})
    return render(
        request,
        "workflows/run_list.html",
        {
            "window": window,
            "lines": [_line(run, about[subjects.ref(run)].name, versions.get(run.version_id)) for run in window.rows],
            "workflows": by_id,
            "states": Run.State.choices,
            "wanted": wanted,
            "workflow": workflow,
            "is_filtered": bool(workflow or wanted.state or wanted.step),
        },
    )


def _line(run: Run, about: str, version: Version | None) -> RunLine:
    return RunLine(run=run, about=about, version=version, step=step_name(run.step, version))


def detail(request: HttpRequest, run_id: int) -> HttpResponse:
    """One run: where it went, and why."""
    run = Run.objects.filter(pk=run_id).first()
    if run is None:
        raise Http404(f"run {run_id}")
    told = timeline.of_run(run)
    version = next((v for v in told.versions.values() if v.pk == run.version_id), None)
    version = version or runs.versions({run.version_id}).get(run.version_id)
    story = chapters(told, only_run=run.pk)
    return render(
        request,
        "workflows/run_detail.html",
        {
            "run": run,
            "version": version,
            "step": step_name(run.step, version),
            "workflow": told.workflows.get(version.workflow.key) if version else None,
            "about": told.subjects[subjects.ref(run)],
            "story": story,
            "effects": runs.effects(run),
            "systems": told.systems,
            "timer": runs.timer(run.pk),
            "moves": in_flight.moves_of_run(run.pk) if run.moved_at else (),
            "picture": _picture(run, version, path_of(story), told.systems),
        },
    )


def _picture(run: Run, version: Version | None, path: list[StepStory], systems: Mapping[str, str]) -> SafeString | None:
    """The map of the version that the run entered, with the run's way lit."""
    try:
        spec = parse(version.content) if version else None
    except BadSpec:
        spec = None
    if spec is None or version is None:
        return None
    known = Names(teams=names.of_teams(), systems=systems)
    keys = [ENTRY, *(step.key for step in path)]
    if run.state == Run.State.DONE:
        keys.append(EXIT)
    way = [keys[0], *(after for before, after in pairwise(keys) if before != after)]
    steps = with_marks(
        map_steps(spec, names=known, base=f"/workflows/{spec.key}/?"), marks=_marks(path), lit=frozenset(way)
    )
    label = f"Map of {version.workflow.name} with the way of this run"
    return mark_safe(draw(steps, lit_edges(map_edges(spec), way), label=label, geometry=ROOMY))  # noqa: S308


def _marks(path: list[StepStory]) -> Mapping[str, tuple[str, str]]:
    """What happened at each step, in a word; the last time counts."""
    marks = {}
    for step in path:
        look = look_of(step.effect.state if step.effect else step.outcome)
        marks[step.key] = (look.label, look.tone)
    return marks
