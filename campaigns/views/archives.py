"""Archived campaigns: what was kept, as a page and as a file."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from campaigns import exports
from campaigns.actions import archives as actions
from campaigns.models import CampaignArchive
from campaigns.queries import archives
from campaigns.views.campaigns import found
from martechops.lib import clock
from martechops.people.visitors import person


def detail(request: HttpRequest, key: str) -> HttpResponse:
    """What it was, what came of it, and the file."""
    archive = _archive(key)
    context = {"campaign": archive.campaign, "archive": archive, "counts": list(archive.counts.all())}
    return render(request, "campaigns/archive.html", context)


def file(request: HttpRequest, key: str) -> HttpResponse:
    """Everything in one zip."""
    archive = _archive(key)
    actions.take_along(archive, by=person(request), at=clock.now())
    answer = HttpResponse(exports.packed(archive), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{exports.file_name(archive)}"'
    return answer


def _archive(key: str) -> CampaignArchive:
    archive = archives.found(found(key))
    if archive is None:
        raise Http404(f"no archive of {key}")
    return archive
