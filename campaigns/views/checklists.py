"""What was checked of a launch, with the evidence; run again and signed here."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaigns.actions import checklists
from campaigns.models import ManualCheck
from campaigns.queries import approval_subjects
from campaigns.queries import checklists as reading
from campaigns.queries.approval_subjects import Subject
from campaigns.runtime import checking
from martechops.lib import clock
from martechops.people.models import User
from martechops.people.permissions import check_may, may
from martechops.people.visitors import person


def detail(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """The list as it is; a POST runs the checks now."""
    subject = _found(kind, key)
    if request.method == "POST":
        check_may(request.user, "checklists.run")
        checking.check(kind, key, at=clock.now())
        messages.success(request, "Checked. Addresses are visited in the background, and then it is checked again.")
        return redirect("checklist", kind=kind, key=key)
    shown = reading.shown(kind, key, digest=subject.manifest.digest)
    context = {
        "subject": subject,
        "shown": shown,
        "may_run": may(request.user, "checklists.run"),
        "theirs": _signable(person(request), shown.manual if shown else ()),
    }
    return render(request, "campaigns/checklist.html", context)


@require_POST
def sign(request: HttpRequest, check_id: int) -> HttpResponse:
    """Somebody has looked at it, or takes that back."""
    check = get_object_or_404(ManualCheck.objects.select_related("checklist"), pk=check_id)
    if request.POST.get("do") == "take-back":
        checklists.take_back(check=check, by=person(request), at=clock.now())
    else:
        checklists.sign(check=check, by=person(request), at=clock.now(), note=request.POST.get("note", "")[:2000])
    return redirect("checklist", kind=check.checklist.kind, key=check.checklist.key)


def _signable(user: User, checks: Iterable[ManualCheck]) -> set[int]:
    """Those that this person may sign, or take back."""
    if not may(user, "checklists.sign"):
        return set()
    teams = set(user.teams.values_list("pk", flat=True))
    return {one.pk for one in checks if one.team_id is None or one.team_id in teams or one.signed_by_id == user.pk}


def _found(kind: str, key: str) -> Subject:
    subject = approval_subjects.current(kind, key) if kind in approval_subjects.KINDS else None
    if subject is None:
        raise Http404(f"{kind} {key}")
    return subject
