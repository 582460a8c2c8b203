"""Who has come to a page."""

from django.http import Http404, HttpRequest

from martechops.people.models import User


def person(request: HttpRequest) -> User:
    """Who is signed in; the door lets nobody else through."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user
