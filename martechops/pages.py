"""Pages of the platform itself: the living page of components, and what is shown when something goes wrong."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from martechops.lib.tabs import Tab
from martechops.templatetags.statuses import LOOKS


def components(request: HttpRequest) -> HttpResponse:
    """Every component in all its states; a screen is made of nothing else."""
    now = timezone.now()
    sample = {
        "type": "track",
        "event": "Demo Requested",
        "properties": {"form_id": "demo", "company_size": 240, "newsletter": False, "phone": None},
    }
    tabs = [Tab("Target", "#", current=True), Tab("Current", "#"), Tab("Versions", "#", count=3)]
    return render(
        request,
        "shell/components.html",
        {
            "states": list(LOOKS),
            "sample": sample,
            "now": now,
            "earlier": now - timedelta(minutes=7),
            "later": now + timedelta(days=2),
            "tabs": tabs,
            "counts": [3, 5, 2, 0, 8, 13, 9, 4, 6, 11, 7, 2],
            "hours": [f"{hour:02d}:00" for hour in range(12)],
        },
    )


def _failure(request: HttpRequest, *, code: int, title: str, text: str) -> HttpResponse:
    return render(request, "shell/error.html", {"code": code, "title": title, "text": text}, status=code)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request itself cannot be read."""
    del exception  # its words are for the log, not for the page
    text = "The address or the form could not be read. Go back, check what was entered, and send it again."
    return _failure(request, code=400, title="That request could not be read", text=text)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: the wrong person; says who could."""
    text = str(exception) or "Your roles do not include this. An administrator can change them."
    return _failure(request, code=403, title="This is not yours to open", text=text)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: nothing at this address."""
    del exception
    text = "There is nothing at this address. It may have been removed, or the address may be mistyped."
    return _failure(request, code=404, title="Not found", text=text)
