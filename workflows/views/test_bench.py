"""The test bench of a workflow: scenarios with results, one story with a clock to move, what the fuzzer finds.

Everything is played when it is looked at, on the version that is asked for: nothing here can be out of date. A section
that others fill is a line in `SECTIONS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from time import monotonic
from typing import Any

import orjson
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_POST

from martechops.lib import clock, strict_json
from martechops.people.permissions import NotAllowed, may
from martechops.people.visitors import person
from martechops.templatetags.statuses import look_of
from workflows.actions import scenarios as kept
from workflows.engine.parse import BadSpec
from workflows.engine.scenarios import write
from workflows.models import Scenario, Version, Workflow
from workflows.queries import names
from workflows.rehearsal import versions
from workflows.rehearsal.frames import Frame, frames, place_of
from workflows.rehearsal.fuzzing import Budget, Finding, look
from workflows.rehearsal.trials import Trial
from workflows.rehearsal.versions import Tried

from . import replays
from .editor import workflow_of
from .map_drawing import draw
from .map_layout import COMPACT
from .map_steps import ENTRY, EXIT, Names, lit_edges, map_edges, map_steps, with_marks

#: A request looks for so long; `manage.py fuzz` for as long as somebody likes.
_SECONDS, _STORIES = 3.0, 2_000

Context = dict[str, Any]
#: Template and what fills it, for parts of the page that stand under the scenarios: the replay of two versions.
Section = Callable[[HttpRequest, Workflow, Version], tuple[str, Context]]
SECTIONS: tuple[Section, ...] = (replays.bench_section,)


@dataclass(frozen=True, slots=True)
class Line:
    """One scenario and what came of it."""

    trial: Trial
    row_id: int | None
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Walk:
    """One story with the instant that is looked at."""

    trial: Trial
    frames: list[Frame]
    place: int
    picture: SafeString | None
    #: For each failure, the instant to look at.
    failures: list[tuple[Any, int]]

    @property
    def frame(self) -> Frame | None:
        return self.frames[self.place] if self.frames else None

    @property
    def before(self) -> int | None:
        return self.place - 1 if self.place > 0 else None

    @property
    def next(self) -> int | None:
        return self.place + 1 if self.place + 1 < len(self.frames) else None


def show(request: HttpRequest, key: str) -> HttpResponse:
    """The page at once; what was played it asks for itself, for that takes a moment."""
    workflow = workflow_of(key)
    version = _asked(request, workflow)
    context: Context = {"workflow": workflow, "version": version, "versions": _numbers(workflow)}
    if version is not None and request.headers.get("HX-Request") == "true":
        context |= _bench(request, workflow, version)
    elif version is not None:
        context["sections"] = [section(request, workflow, version) for section in SECTIONS]
    return render(request, "workflows/test_bench/page.html", context)


def results(request: HttpRequest, key: str) -> HttpResponse:
    """In one line, for pages that load it when they are shown: the version's own page, the editor after each save."""
    workflow = workflow_of(key)
    version = _asked(request, workflow)
    context: Context = {"workflow": workflow, "version": version, "tried": _tried(version) if version else None}
    return render(request, "workflows/test_bench/results.html", context)


@require_POST
def fuzz(request: HttpRequest, key: str) -> HttpResponse:
    """Look for nasty stories for a few seconds; what is found can be kept as a scenario."""
    workflow = workflow_of(key)
    version = _asked(request, workflow)
    tried = _tried(version) if version else None
    if version is None or tried is None:
        raise Http404
    seed = request.POST.get("seed", "")
    end = monotonic() + _SECONDS
    budget = Budget(stories=_STORIES, is_over=lambda: monotonic() > end)
    search = look(tried.ground, seed=int(seed) if seed.isdecimal() and len(seed) < 9 else 0, budget=budget)
    context = _bench(request, workflow, version) | {
        "workflow": workflow,
        "version": version,
        "versions": _numbers(workflow),
        "search": search,
        "seed": int(seed) + 1 if seed.isdecimal() and len(seed) < 9 else 1,
        "found": [_found(one, workflow) for one in search.findings],
    }
    return render(request, "workflows/test_bench/page.html", context)


@require_POST
def save(request: HttpRequest, key: str) -> HttpResponse:
    """Keep a story that was found as a scenario of the workflow."""
    workflow = workflow_of(key)
    try:
        document = strict_json.loads(request.POST.get("document", "").encode())
        document = dict(document) | {"key": f"{workflow.key}-{document['key']}"}
        row = kept.keep(
            workflow=workflow, document=document, by=person(request), at=clock.now(), note="Found by the fuzzer"
        )
    except (strict_json.BadJson, KeyError, TypeError, ValidationError) as error:
        messages.error(request, f"It was not kept: {error}")
        return redirect("test-bench", key=key)
    except NotAllowed as error:
        messages.error(request, str(error))
        return redirect("test-bench", key=key)
    messages.success(request, f"Kept as scenario {row.key}. It fails until the workflow is mended.")
    return redirect("definition", kind="scenario", row_id=row.pk)


def _bench(request: HttpRequest, workflow: Workflow, version: Version) -> Context:
    """Scenarios with their results, and the story that is open."""
    tried = _tried(version)
    if tried is None:
        return {"is_played": True, "unreadable": True}
    rows = dict(Scenario.objects.values_list("key", "pk"))
    asked = request.GET.get("scenario", "")
    chosen = next((one for one in tried.trials if one.scenario.key == asked), None)
    chosen = chosen or next(iter(tried.failing), None) or next(iter(tried.trials), None)
    return {
        "is_played": True,
        "tried": tried,
        "lines": [_line(one, rows, chosen) for one in tried.trials],
        "walk": _walk(request, chosen, tried) if chosen else None,
        "may_edit": may(request.user, "workflows.edit", workflow),
        "seed": 1,
    }


def _line(trial: Trial, rows: Mapping[str, int], chosen: Trial | None) -> Line:
    return Line(trial, None if trial.is_standard else rows.get(trial.scenario.key), trial is chosen)


def _walk(request: HttpRequest, trial: Trial, tried: Tried) -> Walk:
    found = frames(trial.told)
    at = request.GET.get("at", "")
    failures = [(one, place_of(found, at=one.at, step=one.step)) for one in trial.failures]
    place = int(at) if at.isdecimal() and len(at) < 6 else failures[0][1] if failures else max(0, len(found) - 1)
    place = min(place, max(0, len(found) - 1))
    return Walk(trial, found, place, _picture(tried, found[: place + 1], trial), failures)


def _picture(tried: Tried, passed: list[Frame], trial: Trial) -> SafeString | None:
    """The map with the way as far as the clock stands."""
    spec = tried.ground.spec
    taken = [line for frame in passed for line in frame.steps]
    keys = [ENTRY, *(line.step for line in taken)]
    way = [keys[0], *(after for before, after in pairwise(keys) if before != after)]
    played = trial.told.played
    is_over = len(passed) == len(frames(trial.told))
    way += [EXIT] if is_over and any(run.state == "done" for run in played.runs.values()) else []
    marks = {line.step: (look_of(line.outcome).label, look_of(line.outcome).tone) for line in taken}
    known = Names(teams=names.of_teams(), systems=names.of_systems())
    steps = with_marks(map_steps(spec, names=known), marks=marks, lit=frozenset(way) if taken else frozenset())
    if not steps:
        return None
    label = f"Map of {spec.name} with the way of this story"
    return mark_safe(draw(steps, lit_edges(map_edges(spec), way), label=label, geometry=COMPACT))  # noqa: S308


def _tried(version: Version) -> Tried | None:
    try:
        return versions.tried(version)
    except BadSpec:
        return None


def _asked(request: HttpRequest, workflow: Workflow) -> Version | None:
    """The version of the address; else an open draft, or what is live. Raises Http404 for one that is not there."""
    number = request.GET.get("version", "") or request.POST.get("version", "")
    if not number:
        return versions.newest(workflow, draft=True)
    version = versions.newest(workflow, number=int(number)) if number.isdecimal() and len(number) < 9 else None
    if version is None:
        raise Http404
    return version


def _numbers(workflow: Workflow) -> list[Version]:
    return list(workflow.versions.order_by("-number")[:50])


def _found(finding: Finding, workflow: Workflow) -> Mapping[str, Any]:
    """One finding with its story, and the document that keeps it."""
    breach = finding.breach
    scenario = finding.story.scenario(
        key=f"{breach.invariant}-{breach.step}"[:24].strip("-"),
        name=f"{workflow.name}: {breach.says}"[:120],
        workflow=workflow.key,
        holds=breach.invariant,
        says=f"Found by the fuzzer: {breach.says}",
    )
    document = write(scenario)
    return {"finding": finding, "scenario": scenario, "document": orjson.dumps(document).decode(), "story": document}
