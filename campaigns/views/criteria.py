"""How success criteria of a workflow stand: a part of its page that comes by itself, and a page for who opens it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from campaigns.queries import criteria
from martechops.lib import clock
from workflows.queries import workflows


def of_workflow(request: HttpRequest, key: str) -> HttpResponse:
    """Each criterion with its figures, what is left of its budget, and who was late."""
    found = {"standings": criteria.standings(at=clock.now(), keys=[key])}
    if getattr(request, "htmx", False):
        return render(request, "campaigns/criteria.html", found)
    line = workflows.found(key)
    if line is None:
        raise Http404(f"workflow {key}")
    return render(request, "campaigns/criteria_page.html", found | {"workflow": line.workflow})
