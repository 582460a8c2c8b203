"""The past played once more: asked for, followed, and read from the counts down to one contact."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django_htmx.http import HttpResponseClientRefresh

from martechops.lib import clock
from martechops.people.permissions import may
from martechops.people.visitors import person
from workflows.actions import replays as actions
from workflows.engine.replays import EXCEPTIONS, PARTS, VERDICTS, Cause, StepForecast, Tally, forecasts
from workflows.engine.workflow_difference import compare
from workflows.models import Replay, ReplayFinding, Version, Workflow
from workflows.queries import names, replays, specs

from .editor import workflow_of
from .map_drawing import draw
from .map_steps import Names, map_edges, map_steps, with_marks

#: How many days may be chosen.
_DAYS = (7, 14, 30, 60, 90)


def listing(request: HttpRequest, key: str) -> HttpResponse:
    """Replays of a workflow, newest first; a POST asks for one."""
    workflow, problem = workflow_of(key), ""
    if request.method == "POST":
        made = _start(request, key)
        if isinstance(made, Replay):
            return redirect("replay", replay_id=made.pk)
        problem = made
    live = replays.live_version(workflow)
    context = {
        "workflow": workflow,
        "rows": replays.of_workflow(workflow)[:50],
        "versions": list(workflow.versions.order_by("-number")[:50]),
        "live": live,
        "days": _DAYS,
        "problem": problem,
        "may_start": may(request.user, "replays.start"),
    }
    return render(request, "workflows/replay_list.html", context, status=400 if problem else 200)


def _start(request: HttpRequest, key: str) -> Replay | str:
    """The replay, or why there is none."""
    number, days = (request.POST.get(name, "") for name in ("candidate", "days"))
    version = replays.candidate(key, int(number)) if number.isdecimal() and len(number) < 9 else None
    if version is None or not days.isdecimal() or len(days) > 4:
        return "Choose a version, and how many days back."
    try:
        return actions.start(candidate=version, days=int(days), by=person(request), at=clock.now())
    except actions.CannotReplay as error:
        return str(error)


def bench_section(request: HttpRequest, workflow: Workflow, version: Version) -> tuple[str, dict[str, Any]]:
    """For the test bench: replays of exactly this content, and the way to another."""
    rows = replays.of_workflow(workflow).filter(digest=version.digest)[:5]
    return "workflows/test_bench/replays.html", {"replays": rows, "may_start": may(request.user, "replays.start")}


def detail(request: HttpRequest, replay_id: int) -> HttpResponse:
    """One replay: how far it is, what differs by the rule that causes it, what could not be played as it was."""
    replay = replays.found(replay_id)
    if replay is None:
        raise Http404
    if request.method == "POST":
        return _cancel(request, replay)
    if request.headers.get("HX-Target") == "progress":
        # What comes after the progress is another page, not a part of this one.
        return _progress(request, replay) if replay.is_active else HttpResponseClientRefresh()
    return render(request, "workflows/replay_detail.html", _context(request, replay))


def _progress(request: HttpRequest, replay: Replay) -> HttpResponse:
    return render(request, "workflows/replay_progress.html", {"replay": replay, "percent": _percent(replay)})


def _percent(replay: Replay) -> float:
    return 100 * replays.progress(replay)


def _cancel(request: HttpRequest, replay: Replay) -> HttpResponse:
    try:
        actions.cancel(replay, by=person(request), at=clock.now())
        messages.success(request, "Cancelled. What it found so far stays.")
    except actions.CannotReplay as error:
        messages.error(request, str(error))
    return redirect("replay", replay_id=replay.pk)


@dataclass(frozen=True, slots=True)
class Group:
    """What one rule makes otherwise."""

    cause: Cause
    #: Names of the workflow's step, and of what of it.
    step: str
    part: str
    #: What was changed there, a sentence each.
    says: tuple[str, ...]
    added: int
    removed: int
    changed: int


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step on both sides and in the ledger."""

    key: str
    name: str
    reached: tuple[int, int]
    kind: str
    live: StepForecast | None
    candidate: StepForecast | None
    recorded: int


def _context(request: HttpRequest, replay: Replay) -> dict[str, Any]:
    tally = replays.tally(replay)
    asked, shows = request.GET.get("cause", ""), request.GET.get("show", "")
    cause = next((one for one in tally.groups if one.name == asked), None)
    exceptions = shows == "exceptions"
    kind = ReplayFinding.Kind.EXCEPTION if exceptions else ReplayFinding.Kind.DIFFERENCE
    before = request.GET.get("before", "")
    groups = list(_groups(replay, tally))
    return {
        "replay": replay,
        "percent": _percent(replay),
        "tally": tally,
        "totals": {verdict: tally.total(verdict) for verdict in VERDICTS},
        "fidelity": None if tally.fidelity is None else f"{tally.fidelity:.2%}",
        "exceptions": sorted(((EXCEPTIONS.get(name, ""), name, count) for name, count in tally.exceptions.items())),
        "exception_count": tally.exceptions.total(),
        "groups": groups,
        "group": next((group for group in groups if group.cause == cause), None),
        "shows_exceptions": exceptions,
        "samples": replays.findings(replay, kind=kind, cause=cause.name if cause else "", before=before)
        if cause or exceptions
        else None,
        "lines": list(_lines(replay, tally)),
        "map": _map(replay, tally),
        "may_start": may(request.user, "replays.start"),
    }


def _groups(replay: Replay, tally: Tally) -> Iterator[Group]:
    """The largest first."""
    found = compare(replay.baseline.content if replay.baseline else {}, replay.content)
    for cause, verdicts in sorted(tally.groups.items(), key=lambda pair: (-sum(pair[1].values()), pair[0].name)):
        change = found.of(cause.step) if cause.workflow == replay.workflow.key else None
        says = change.says if change else found.whole if not cause.step else ()
        step = change.name if change else _name_of(replay, cause.step)
        part = PARTS.get(cause.part, cause.part) + (f": {cause.detail}" if cause.part == "guard" else "")
        added, removed, changed = (verdicts.get(verdict, 0) for verdict in VERDICTS)
        yield Group(cause, step, part, says, added, removed, changed)


def _name_of(replay: Replay, key: str) -> str:
    for content in (replay.content, replay.baseline.content if replay.baseline else {}):
        for step in content.get("steps") or ():
            if isinstance(step, Mapping) and step.get("key") == key:
                return str(step.get("name") or key)
    return key


def _lines(replay: Replay, tally: Tally) -> Iterator[StepLine]:
    """Every step of either side, in the order of the candidate, what is gone at the end."""
    workflow = replay.workflow.key
    by_side = {
        side: {(one.step, one.kind): one for one in forecasts(tally, workflow, side=side)}
        for side in ("live", "candidate", "recorded")
    }
    contents = (replay.content, replay.baseline.content if replay.baseline else {})
    keys = dict.fromkeys(step["key"] for content in contents for step in content.get("steps") or ())
    for key in keys:
        reached = (tally.reached["live", workflow, key], tally.reached["candidate", workflow, key])
        kinds = dict.fromkeys(kind for found in by_side.values() for step, kind in found if step == key) or {"": None}
        for kind in kinds:
            recorded = by_side["recorded"].get((key, kind))
            yield StepLine(
                key=key,
                name=_name_of(replay, key),
                reached=reached,
                kind=kind,
                live=by_side["live"].get((key, kind)),
                candidate=by_side["candidate"].get((key, kind)),
                recorded=recorded.done if recorded else 0,
            )


def _map(replay: Replay, tally: Tally) -> SafeString | None:
    """The candidate's map with how many come to each step, before and after; None where there is nothing to draw."""
    version = replay.candidate
    version.content, version.digest = replay.content, replay.digest
    spec, workflow = specs.of(version).spec, replay.workflow.key
    marks = {}
    for step in spec.steps:
        before, after = (tally.reached[side, workflow, step.key] for side in ("live", "candidate"))
        marks[step.key] = (f"{before:,} → {after:,}", "" if before == after else "good" if after > before else "warn")
    steps = with_marks(map_steps(spec, names=Names(teams=names.of_teams(), systems=names.of_systems())), marks=marks)
    if not steps:
        return None
    label = f"Map of {replay.workflow.name}: how many come to each step, live and with the candidate"
    return mark_safe(draw(steps, map_edges(spec), label=label))  # noqa: S308  (every word in it was escaped where it was put in)
