"""Values that wait for the team that owns their field."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from martechops.lib import clock
from martechops.people.models import Role
from martechops.people.visitors import person
from workflows.actions import change_requests
from workflows.models import ChangeRequest, Field
from workflows.queries import names, requests


def listing(request: HttpRequest) -> HttpResponse:
    """Requests, those to be decided first; one's own team's can be decided here."""
    state = request.GET.get("state", ChangeRequest.State.REQUESTED)
    if state not in ChangeRequest.State.values:
        state = ChangeRequest.State.REQUESTED
    window = requests.window(state=state, team=request.GET.get("team", ""), before=request.GET.get("before", ""))
    user = person(request)
    own = set(user.teams.values_list("pk", flat=True)) if user.has_role(Role.MARKETER) else set()
    people = names.of_contacts({row.contact_id for row in window.rows})
    labels = dict(Field.objects.filter(key__in={row.field for row in window.rows}).values_list("key", "label"))
    return render(
        request,
        "workflows/change_requests.html",
        {
            "window": window,
            "lines": [
                (row, people.get(row.contact_id, ""), labels.get(row.field, row.field), _may(row, own, user))
                for row in window.rows
            ],
            "state": state,
            "states": ChangeRequest.State.choices,
        },
    )


@require_POST
def decide(request: HttpRequest, request_id: int) -> HttpResponse:
    """Apply it or refuse it with a reason."""
    asked = ChangeRequest.objects.filter(pk=request_id).first()
    if asked is None:
        raise Http404(f"change request {request_id}")
    by, at, reason = person(request), clock.now(), request.POST.get("reason", "")
    try:
        if request.POST.get("decision") == "apply":
            change_requests.apply(request=asked, by=by, at=at, reason=reason)
            messages.success(request, "The value is written.")
        else:
            change_requests.refuse(request=asked, by=by, at=at, reason=reason)
            messages.success(request, "Refused; the reason is kept.")
    except (change_requests.AlreadyDecided, change_requests.CannotApply) as error:
        messages.error(request, str(error))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("change-requests")


def _may(row: ChangeRequest, own: set[int], user: object) -> bool:
    is_admin = getattr(user, "has_role", lambda role: False)(Role.ADMIN)
    return row.state == ChangeRequest.State.REQUESTED and (row.owner_id in own or is_admin)
