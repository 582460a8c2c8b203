"""Notices to teams: read, and put away."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from martechops.lib import clock
from martechops.people.permissions import may
from martechops.people.visitors import person
from workflows.actions import notices as notices_action
from workflows.models import Notice
from workflows.queries import notices


def listing(request: HttpRequest) -> HttpResponse:
    """Everything that a team has not seen yet, newest first."""
    lines = [(notice, may(request.user, "notices.see", notice)) for notice in notices.unseen()]
    return render(request, "workflows/notices.html", {"lines": lines})


@require_POST
def see(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Put one away."""
    notices_action.see(notice=get_object_or_404(Notice, pk=notice_id), by=person(request), at=clock.now())
    return redirect("notices")
