"""Repairs: what a version did that was rolled back, with numbers first, and what became of it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaigns.actions import repairs as actions
from campaigns.models import Repair, RepairItem
from campaigns.queries import repairs
from martechops.lib import clock
from martechops.people.permissions import check_may, may
from martechops.people.visitors import person
from workflows.models import Version
from workflows.queries import names

_VERBS = {"confirm": actions.confirm, "dismiss": actions.dismiss}


def listing(request: HttpRequest) -> HttpResponse:
    """Every repair, newest first."""
    return render(request, "campaigns/repairs.html", {"repairs": repairs.listed()})


def detail(request: HttpRequest, repair_id: int) -> HttpResponse:
    """One repair: what was listed, what was put right, what was left and what cannot be undone."""
    repair, asked = _found(repair_id), request.GET
    state, kind = asked.get("state", ""), asked.get("kind", "")
    window = repairs.items(repair, state=state, kind=kind, before=asked.get("before", ""))
    context = {
        "repair": repair,
        "counts": repairs.counts(repair),
        "window": window,
        "contacts": names.of_contacts(item.contact_id for item in window.rows if item.contact_id),
        "state": state,
        "kind": kind,
        "states": RepairItem.State.choices,
        "kinds": RepairItem.Kind.choices,
        "sent": repairs.sent_templates(repair),
        "may_confirm": may(request.user, "rollouts.start", repair.version.workflow),
    }
    return render(request, "campaigns/repair.html", context)


@require_POST
def move(request: HttpRequest, repair_id: int) -> HttpResponse:
    """Confirm it, or leave everything as it is."""
    repair, verb = _found(repair_id), request.POST.get("verb", "")
    check_may(request.user, "rollouts.start", repair.version.workflow)
    if verb not in _VERBS:
        raise Http404(f"no verb {verb}")
    try:
        _VERBS[verb](repair=repair, by=person(request), at=clock.now())
    except actions.WrongState as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "It is being put right." if verb == "confirm" else "Everything stays as it is.")
    return redirect("repair", repair_id=repair_id)


@require_POST
def begin(request: HttpRequest, version_id: int) -> HttpResponse:
    """Have listed what a version did; nothing is put right by that."""
    version = get_object_or_404(Version.objects.select_related("workflow__owner"), pk=version_id)
    check_may(request.user, "rollouts.stop", version.workflow)
    made = actions.open_for(version=version, by=person(request), at=clock.now(), because="asked for by hand")
    return redirect("repair", repair_id=made.pk)


def as_file(request: HttpRequest, repair_id: int) -> StreamingHttpResponse:
    """Every item with its reason, as a file."""
    check_may(request.user, "contacts.view")
    repair = _found(repair_id)
    answer = StreamingHttpResponse(repairs.csv_lines(repair), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="repair-{repair.pk}.csv"'
    return answer


def _found(repair_id: int) -> Repair:
    repair = repairs.found(repair_id)
    if repair is None:
        raise Http404(f"repair {repair_id}")
    return repair
