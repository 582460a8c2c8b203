"""Nobody comes to a view but through its door."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django_htmx.http import HttpResponseClientRedirect

from martechops.people.permissions import NotAllowed, check_may

from .door import Key
from .routes import door_of


class DoorMiddleware:
    """Lets nobody through to a view whose door does not open for them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """None to go on; a way to sign in for a stranger; NotAllowed for the wrong person or a closed address."""
        del view, args, kwargs
        match = request.resolver_match
        door = door_of(match.route) if match else None
        if door is None:
            raise NotAllowed("This address has no entry in martechops.doors, so it is closed.")
        if door.key is not Key.SESSION:
            return None
        if _holds_nul(request):
            raise BadRequest("PostgreSQL holds no NUL, so nothing can be found by one.")
        if not request.user.is_authenticated:
            return _way_in(request)
        action = door.action(request.method or "GET")
        if action is None:
            raise NotAllowed("Nothing can be changed at this address.")
        check_may(request.user, action)
        return None


def _holds_nul(request: HttpRequest) -> bool:
    said = (value for values in (request.GET, request.POST) for _, texts in values.lists() for value in texts)
    return "\0" in request.path or any("\0" in value for value in said)


def _way_in(request: HttpRequest) -> HttpResponse:
    if getattr(request, "htmx", False):  # a part of a page: the whole page has to go and sign in
        return HttpResponseClientRedirect(settings.LOGIN_URL)
    return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
