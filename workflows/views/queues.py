"""Queues: whose turns are taken, how much each looks after, who is away; and when the workspace works."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from martechops.lib import clock
from martechops.people.permissions import may
from martechops.people.visitors import person
from workflows.actions import queues as actions
from workflows.engine.conditions import condition_words
from workflows.models import Queue, WorkCalendar
from workflows.queries import rosters


@dataclass(frozen=True, slots=True)
class Member:
    """One person of a queue as the page shows them."""

    key: str
    crm_id: str
    capacity: int | None
    away: bool
    #: Leads that they look after now.
    holds: int

    @property
    def is_full(self) -> bool:
        return self.capacity is not None and self.holds >= self.capacity


def listing(request: HttpRequest) -> HttpResponse:
    """Every queue with its people and territories, and the working calendar. Four queries."""
    rows = list(Queue.objects.select_related("owner"))
    load = rosters.load(rows)
    context = {
        "lines": [(row, _members(row, load), _areas(row), may(request.user, "definitions.edit", row)) for row in rows],
        "calendar": WorkCalendar.objects.select_related("owner").first() or WorkCalendar(),
    }
    return render(request, "workflows/queues.html", context)


@require_POST
def attend(request: HttpRequest, key: str) -> HttpResponse:
    """Somebody of a queue is away from now on, or there again."""
    queue, member = get_object_or_404(Queue, key=key), request.POST.get("member", "")
    away = request.POST.get("to") == "away"
    try:
        actions.attend(queue, member=member, away=away, by=person(request), at=clock.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        says = "gets no more leads until they are back" if away else "gets leads again"
        messages.success(request, f"{member} {says}.")
    return redirect("queues")


def _members(queue: Queue, load: dict[tuple[str, str], int]) -> list[Member]:
    return [
        Member(
            key=str(member.get("key")),
            crm_id=str(member.get("crm_id") or ""),
            capacity=member.get("capacity"),
            away=bool(member.get("away")),
            holds=load.get((queue.key, str(member.get("key"))), 0),
        )
        for member in queue.members
    ]


def _areas(queue: Queue) -> list[dict[str, Any]]:
    return [{**area, "says": condition_words(area["when"])} for area in queue.territories]
