"""People on their way, version by version: who finishes where, and taking them to another version by numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from martechops.lib import clock
from martechops.people.permissions import check_may, may
from martechops.people.visitors import person
from workflows.actions import moves
from workflows.engine import in_flight as engine
from workflows.engine.parse import BadSpec
from workflows.engine.spec import END
from workflows.models import Version, Workflow
from workflows.queries import in_flight as queries
from workflows.queries.in_flight import Preview

from .editor import workflow_of


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """How many are on the way on one version."""

    version: Version
    people: int
    #: As `queries.in_flight.Standings` has it.
    state: str


@dataclass(frozen=True, slots=True)
class Way:
    """One step of the old version that people may wait at, and what the map says of it."""

    step: str
    name: str
    go: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody chose, or has yet to choose, between two versions: as forms show it."""

    old: Version
    new: Version
    policy: str
    ways: tuple[Way, ...]
    #: Steps of the new version by key and name, and the end.
    targets: tuple[tuple[str, str], ...]
    preview: Preview | None = None
    problem: str = ""

    @property
    def policies(self) -> tuple[tuple[str, str], ...]:
        return tuple(engine.POLICIES.items())

    @property
    def steps(self) -> dict[str, str]:
        return {way.step: way.go for way in self.ways if way.go}

    @property
    def in_flight(self) -> moves.InFlight:
        return moves.InFlight(self.policy or engine.PIN, self.steps, self.preview.token if self.preview else "")


def choice(said: QueryDict, *, old: Version, new: Version) -> Choice:
    """What a form says of these two versions, with its counted preview once a policy is chosen."""
    policy = said.get("policy", "")
    try:
        before, after = queries.specs(old, new)
    except BadSpec as error:
        return Choice(old, new, policy, (), (), problem=f"A version cannot be read: {error}")
    mapped = policy == engine.MIGRATE
    ways = tuple(
        Way(step.key, step.name, said.get(f"step-{step.key}", "") if mapped else "")
        for step in before.steps
        if step.kind in ("wait", "approve", "handoff") or step.action == "assign_owner"
    )
    targets = (*((step.key, step.name) for step in after.steps), (END, "The end: it is over"))
    found = Choice(old, new, policy, ways, targets)
    return _previewed(found) if policy in engine.POLICIES else found


def _previewed(found: Choice) -> Choice:
    try:
        shown = queries.preview(old=found.old, new=found.new, policy=found.policy, steps=found.steps)
    except (engine.BadMap, ValueError) as error:
        return replace(found, problem=f"{error}.")
    return replace(found, preview=shown)


def show(request: HttpRequest, key: str) -> HttpResponse:
    """Who is on the way on which version; moves them once the numbers are confirmed."""
    workflow = workflow_of(key)
    said = request.POST if request.method == "POST" else request.GET
    versions = {row.number: row for row in workflow.versions.exclude(frozen_at=None).select_related("workflow")}
    live = workflow.activations.filter(until=None).values_list("version__number", flat=True).first()
    standing = queries.standings(workflow.pk)
    on_the_way = [
        OnTheWay(row, standing.waiting.get(row.pk, 0), standing.of(row.pk))
        for row in versions.values()
        if standing.waiting.get(row.pk) or row.pk in standing.entered
    ]
    old, new = _asked(said.get("from"), versions), _asked(said.get("to") or str(live or ""), versions)
    chosen = choice(said, old=old, new=new) if old and new and old != new else None
    if request.method == "POST":
        check_may(request.user, "rollouts.start", workflow)
        if chosen and chosen.preview and not _moved(request, chosen, said):
            return redirect("workflow-in-flight", key=key)
    context = {
        "workflow": workflow,
        "on_the_way": on_the_way,
        "numbers": list(versions),
        "old": old,
        "new": new,
        "chosen": chosen,
        "moves": _moves(workflow),
        "may_move": may(request.user, "rollouts.start", workflow),
    }
    refused = request.method == "POST"
    return render(request, "workflows/in_flight.html", context, status=409 if refused else 200)


def _moved(request: HttpRequest, chosen: Choice, said: QueryDict) -> bool:
    """Move them as confirmed; whether it was refused, which the page then says."""
    wanted = chosen.in_flight
    try:
        move = moves.begin(
            old=chosen.old,
            new=chosen.new,
            policy=wanted.policy,
            steps=wanted.steps,
            seen=said.get("seen", ""),
            cause="by hand",
            by=person(request),
            at=clock.now(),
        )
    except moves.CannotMove as error:
        messages.error(request, str(error))
        return True
    if move:
        messages.success(request, f"{move.runs} on their way are being taken to version {chosen.new.number}.")
    else:
        messages.info(request, "Nobody had to be moved.")
    return False


def _moves(workflow: Workflow) -> list[tuple[object, Mapping[str, int]]]:
    return [(move, queries.done_by_way(move)) for move in queries.moves_of_workflow(workflow.pk)]


def _asked(number: str | None, versions: Mapping[int, Version]) -> Version | None:
    return versions.get(int(number)) if number and number.isdecimal() and len(number) < 9 else None
