"""Routes as the resolver spells them, and the door of each."""

import re
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from .door import Door, page
from .table import DOORS

#: The admin's addresses are Django's; what may be done to which model it asks `people.backends`.
_ADMIN = "admin/"
_ADMIN_DOOR = page("admin.view", write="admin.view")


def door_of(route: str) -> Door | None:
    """The door of a route as the resolver spells it; None if it has none and stays closed."""
    if route.startswith(_ADMIN):
        return _ADMIN_DOOR
    return DOORS.get(re.sub(r"<[^>]*>", "<>", route))


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    """Every route of the product, as the resolver spells it."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from routes(pattern, route)
