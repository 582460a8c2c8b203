"""How success criteria of a workflow stand: a part of its page that comes by itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from campaigns.queries import criteria
from martechops.lib import clock


def of_workflow(request: HttpRequest, key: str) -> HttpResponse:
    """Each criterion with its figures, what is left of its budget, and who was late."""
    found = criteria.standings(at=clock.now(), keys=[key])
    return render(request, "campaigns/criteria.html", {"standings": found})
