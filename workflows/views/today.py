"""Today: what needs a person, and what went through."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from martechops.lib import clock, path_words
from martechops.lib.tabs import Tab
from martechops.people.models import Team
from workflows.models import ChangeRequest, Effect, Notice, QuarantinedEvent, Run, StepApproval, System, Workflow
from workflows.queries import attention, events, handwork, names, notices, requests, subjects
from workflows.queries.handwork import Work


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One thing that a person has to look at, and the team to call (requirement G2)."""

    icon: str
    tone: str
    title: str
    detail: str
    href: str
    team: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Reached:
    """How often a team's workflow reached a goal lately."""

    team: str
    workflow: str
    goal: str
    count: int
    last_at: datetime


def show(request: HttpRequest) -> HttpResponse:
    """The page people start the day with."""
    now = clock.now()
    by_id = names.of_workflows()
    items = _work_items(by_id, at=now)
    team = request.GET.get("team", "")
    throughput, runs = attention.throughput(at=now), attention.runs_by_workflow_and_state()
    return render(
        request,
        "workflows/today.html",
        {
            "now": now,
            "items": [item for item in items if not team or item.team == team],
            "tabs": _team_tabs(items, team),
            "throughput": throughput,
            "hours": [f"{timezone.localtime(hour):%H:00}" for hour in throughput.hours],
            "hour_rows": list(zip(throughput.hours, throughput.events, strict=True)),
            "runs": _by_state(runs),
            "effects": attention.effects_by_state(),
            "held": events.held_count(),
            "backlog": events.backlog(),
            "reached": _reached(by_id, since=now - timedelta(days=7)),
            "in_flight": _in_flight(by_id, runs),
        },
    )


def _team_tabs(items: list[WorkItem], team: str) -> list[Tab]:
    counts = Counter(item.team for item in items)
    tabs = [Tab("Everyone", "?", current=not team, count=len(items))]
    return tabs + [
        Tab(name, f"?team={quote(name)}", current=team == name, count=counts[name]) for name in sorted(counts) if name
    ]


def _work_items(by_id: dict[int, Workflow], *, at: datetime) -> list[WorkItem]:
    systems = attention.systems()
    owners = {system.key: system.owner.name for system in systems}
    effects = attention.effects_needing_a_person()
    runs = attention.failed_runs()
    about = {ref: named.name for ref, named in subjects.named([*effects, *runs]).items()}
    return [
        *(_paused_item(system) for system in systems if system.paused),
        *(_effect_item(effect, about[subjects.ref(effect)], owners.get(effect.system, "")) for effect in effects),
        *(_run_item(run, about[subjects.ref(run)], by_id) for run in runs),
        *(_request_item(team, count, newest) for team, count, newest in requests.open_by_team()),
        *map(_waiting_item, _waiting(at)),
        *(_notice_item(team, count, newest) for team, count, newest in notices.unseen_by_team()),
        *_quarantine_items(names.of_event_owners()),
    ]


def _paused_item(system: System) -> WorkItem:
    detail = "Its kill switch is on: what is to be done there waits until somebody turns it off."
    return WorkItem("pause", "warn", f"{system.name} is paused", detail, "/connections/", system.owner.name, None)


def _effect_item(effect: Effect, person: str, team: str) -> WorkItem:
    doing = effect.kind.replace("_", " ").capitalize()
    uncertain = effect.state == Effect.State.UNCERTAIN
    return WorkItem(
        icon="circle-question-mark" if uncertain else "circle-x",
        tone="bad",
        title=f"{doing} for {person} {'may or may not have happened' if uncertain else 'failed'}",
        detail=effect.reason or "No reason was recorded.",
        href=f"/effects/{effect.pk}/",
        team=team,
        at=effect.ended_at or effect.reserved_at or effect.planned_at,
    )


def _run_item(run: Run, person: str, by_id: dict[int, Workflow]) -> WorkItem:
    workflow = by_id.get(run.workflow_id)
    return WorkItem(
        icon="circle-x",
        tone="bad",
        title=f"{person} is stuck in {workflow.name if workflow else 'a workflow'}",
        detail=f"At step {run.step}: {run.reason or 'it failed'}",
        href=f"/runs/{run.pk}/",
        team=workflow.owner.name if workflow else "",
        at=run.ended_at or run.changed_at,
    )


def _request_item(team: Team, count: int, newest: ChangeRequest) -> WorkItem:
    return WorkItem(
        icon="git-pull-request-arrow",
        tone="warn",
        title=f"{count} change request{'s' if count > 1 else ''} to decide",
        detail=f"The newest: {newest.requested_by} asks for {newest.field.replace('_', ' ')}.",
        href=f"/vocabulary/requests/?team={quote(team.key)}",
        team=team.name,
        at=newest.requested_at,
    )


def _waiting(at: datetime) -> list[Work]:
    """What runs wait for people to do; of leads only those that nobody took in time would be news."""
    found = handwork.open_work(at=at)
    return [*found.approvals, *found.handoffs][:20]


def _waiting_item(work: Work) -> WorkItem:
    asked = work.row.says if isinstance(work.row, StepApproval) else f"Handed over by {work.workflow}"
    due = f"overdue since {work.row.due_at:%Y-%m-%d %H:%M} UTC" if work.late else ""
    return WorkItem(
        icon="stamp" if isinstance(work.row, StepApproval) else "arrow-right-left",
        tone="bad" if work.late else "warn",
        title=f"{work.about.name}: {'to approve' if isinstance(work.row, StepApproval) else 'to take over'}",
        detail=", ".join(filter(None, (asked, due))),
        href="/handoffs/",
        team=work.team.name if work.team else "",
        at=work.row.due_at,
    )


def _notice_item(team: Team, count: int, newest: Notice) -> WorkItem:
    return WorkItem(
        icon="bell",
        tone="accent",
        title=f"{newest.label}: {newest.says}",
        detail=f"The newest of {count} notices that nobody has put away." if count > 1 else "Nobody has put it away.",
        href="/vocabulary/notices/",
        team=team.name,
        at=newest.at,
    )


def _quarantine_items(event_owners: dict[str, str]) -> list[WorkItem]:
    """One line for each kind of fault, however many events share it."""
    alike: dict[tuple[str, str, str], list[QuarantinedEvent]] = {}
    for held in attention.newest_in_quarantine():
        alike.setdefault((held.kind, held.event.name or held.event.type, first_reason(held)), []).append(held)
    source_owners = names.of_source_owners()
    return [
        _quarantine_item(rows, event_owners.get(name) or source_owners.get(rows[0].event.source_id) or "")
        for (_, name, _), rows in alike.items()
    ]


def first_reason(held: QuarantinedEvent) -> str:
    """The first thing that is wrong with it, in one line."""
    first = held.reasons[0] if held.reasons else {}
    path, says = first.get("path", ""), first.get("says", "")
    if not says:
        return "It breaks its schema."
    return f"{path_words.pointer_words(path)}: {says} ({path})" if path else says


def _quarantine_item(rows: list[QuarantinedEvent], team: str) -> WorkItem:
    newest, count = rows[0], len(rows)
    dead = newest.kind == "dead_letter"
    what = f"{count} times {newest.event.name}" if count > 1 else newest.event.name or newest.event.type
    return WorkItem(
        icon="skull" if dead else "triangle-alert",
        tone="bad" if dead else "warn",
        title=f"{what} {'could not be handled' if dead else 'in quarantine' if count > 1 else 'is in quarantine'}",
        detail=first_reason(newest),
        href=f"/events/{newest.pk}/" if count == 1 else "/events/quarantine/",
        team=team,
        at=newest.at,
    )


def _reached(by_id: dict[int, Workflow], *, since: datetime) -> list[Reached]:
    rows = []
    for workflow_id, goal, count, last_at in attention.conversions_by_workflow(since=since):
        workflow = by_id.get(workflow_id)
        if workflow:
            rows.append(Reached(workflow.owner.name, workflow.name, goal, count, last_at))
    return sorted(rows, key=lambda row: (row.team, -row.count))


def _by_state(runs: dict[tuple[int, str], int]) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for (_, state), count in runs.items():
        totals[state] += count
    return totals


def _in_flight(by_id: dict[int, Workflow], runs: dict[tuple[int, str], int]) -> list[tuple[Workflow, int]]:
    waiting = {pk: count for (pk, state), count in runs.items() if state == Run.State.WAITING}
    return [(by_id[pk], count) for pk, count in sorted(waiting.items(), key=lambda row: -row[1]) if pk in by_id]
