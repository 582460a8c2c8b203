"""What waits for people: steps to approve, work handed over, leads to be taken; answered here."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from martechops.lib import clock
from martechops.people.permissions import may
from martechops.people.visitors import person
from workflows.actions import handwork
from workflows.models import Assignment, Handoff, StepApproval
from workflows.queries import handwork as reading
from workflows.queries.handwork import Work


def listing(request: HttpRequest) -> HttpResponse:
    """Everything open, soonest due first; one's own team's can be answered here."""
    team = request.GET.get("team", "")
    found = reading.open_work(at=clock.now(), team=team)
    context = {
        "open": found,
        "approvals": _answerable(request, found.approvals),
        "handoffs": _answerable(request, found.handoffs),
        "leads": [(work, may(request.user, "assignments.answer")) for work in found.leads],
        "team": team,
    }
    return render(request, "workflows/handoffs.html", context)


def _answerable(request: HttpRequest, works: list[Work]) -> list[tuple[Work, bool]]:
    return [(work, may(request.user, "handwork.answer", work.row)) for work in works]


@require_POST
def answer(request: HttpRequest, kind: str, row_id: int) -> HttpResponse:
    """Approve or refuse, accept, give back or complete, take or pass on."""
    model, verbs = _ANSWERS.get(kind, (None, {}))
    act = verbs.get(request.POST.get("answer", ""))
    if model is None or act is None:
        raise Http404(f"{kind} {row_id}")
    row = get_object_or_404(model, pk=row_id)
    try:
        act(row, request)
    except handwork.AlreadyAnswered as error:
        messages.error(request, str(error))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "Done: the run goes on with your answer.")
    return redirect("handoffs")


def _note(request: HttpRequest) -> str:
    return request.POST.get("note", "")


Act = Callable[[Any, HttpRequest], object]
_ANSWERS: dict[str, tuple[type[StepApproval | Handoff | Assignment], dict[str, Act]]] = {
    "approvals": (
        StepApproval,
        {
            "approve": lambda row, r: handwork.approve(approval=row, by=person(r), at=clock.now(), note=_note(r)),
            "refuse": lambda row, r: handwork.refuse(approval=row, by=person(r), at=clock.now(), note=_note(r)),
        },
    ),
    "work": (
        Handoff,
        {
            "accept": lambda row, r: handwork.accept(handoff=row, by=person(r), at=clock.now()),
            "refuse": lambda row, r: handwork.give_back(handoff=row, by=person(r), at=clock.now(), note=_note(r)),
            "complete": lambda row, r: handwork.complete(handoff=row, by=person(r), at=clock.now()),
        },
    ),
    "leads": (
        Assignment,
        {
            "take": lambda row, r: handwork.take(assignment=row, by=person(r), at=clock.now()),
            "refuse": lambda row, r: handwork.pass_on(assignment=row, by=person(r), at=clock.now()),
        },
    ),
}
