"""The page behind the link in a message: looking changes nothing, a POST unsubscribes (RFC 8058, FAULTS S17)."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from martechops.lib import clock
from workflows.actions import unsubscribing as actions
from workflows.queries import unsubscribing
from workflows.queries.unsubscribing import Leaving

CHANNELS = {"email": "e-mail", "in_app": "messages in the product", "chat": "chat"}


@never_cache
@csrf_exempt  # a mailbox provider posts here in the person's place; the signed token is what allows it
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, token: str) -> HttpResponse:
    """Ask on a GET, do it on a POST; the same answer however often. One click, or all at once, leaves the channel."""
    leaving = unsubscribing.read(token)
    if leaving is None:
        return render(request, "workflows/unsubscribe.html", {"state": "unknown"}, status=404)
    purposes = unsubscribing.purposes(leaving)
    state, left = "asks", []
    if request.method == "POST":
        stays = [purpose for purpose in purposes if purpose.key in request.POST.getlist("keep")]
        left = [purpose for purpose in purposes if purpose not in stays] if "some" in request.POST else []
        state = _leave(leaving, [purpose.key for purpose in left], some="some" in request.POST)
    context = {
        "state": state,
        "channel": CHANNELS.get(leaving.channel, leaving.channel),
        "purposes": purposes,
        "left": left,
    }
    return render(request, "workflows/unsubscribe.html", context)


def _leave(leaving: Leaving, purposes: list[str], *, some: bool) -> str:
    """The channel, or only some purposes of it; what the page says then."""
    at = clock.now()
    if not some:
        return "done" if actions.unsubscribe(leaving, at=at) else "gone"
    is_there = [actions.unsubscribe(replace(leaving, purpose=purpose), at=at) for purpose in purposes]
    return "some" if all(is_there) else "gone"
