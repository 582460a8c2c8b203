"""The page behind the link in a message: looking changes nothing, a POST unsubscribes (RFC 8058, FAULTS S17)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from martechops.lib import clock
from workflows.actions import unsubscribing as actions
from workflows.queries import unsubscribing

CHANNELS = {"email": "e-mail", "in_app": "messages in the product", "chat": "chat"}


@never_cache
@csrf_exempt  # a mailbox provider posts here in the person's place; the signed token is what allows it
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, token: str) -> HttpResponse:
    """Ask on a GET, do it on a POST; the same answer however often."""
    leaving = unsubscribing.read(token)
    if leaving is None:
        return render(request, "workflows/unsubscribe.html", {"state": "unknown"}, status=404)
    state = "asks"
    if request.method == "POST":
        state = "done" if actions.unsubscribe(leaving, at=clock.now()) else "gone"
    channel = CHANNELS.get(leaving.channel, leaving.channel)
    return render(request, "workflows/unsubscribe.html", {"state": state, "channel": channel})
