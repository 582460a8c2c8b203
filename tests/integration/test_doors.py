"""Every address × every role: default deny, and no address without an entry (FAULTS S1)."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from martechops.doors import DOORS, DoorMiddleware, Key, door_of, routes
from martechops.people.models import INCLUDED, Role, User
from martechops.people.permissions import POLICY

#: Something that fits each converter; what it names need not exist, the door is asked first.
EXAMPLES = {"int": "1", "str": "x", "slug": "x", "uuid": "00000000-0000-0000-0000-000000000000", "path": "x"}

#: Everybody who may stand at a door.
PEOPLE: dict[str, User | None] = {
    "anonymous": None,
    "no role": User(username="cy", roles=[]),
    **{role.value: User(username=role.value, roles=[role.value]) for role in Role},
}


def example_of(route: str) -> str:
    """An address that the route matches."""
    return "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda part: EXAMPLES[part[1] or "str"], route)


def product_routes() -> list[str]:
    return [route for route in routes() if not route.startswith("admin/")]


def asks_for_a_session(route: str) -> bool:
    door = door_of(route)
    return door is not None and door.key is Key.SESSION


def test_every_address_has_a_door() -> None:
    assert [route for route in routes() if door_of(route) is None] == [], "add these to martechops/doors/table.py"


def test_every_name_of_an_address_is_one_address() -> None:
    """Where a page and the interface share a name, a form of the page is sent to the interface."""
    names = Counter(named_routes(get_resolver()))
    assert [name for name, count in names.items() if count > 1] == []


def named_routes(resolver: URLResolver, within: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield from [within + pattern.name] if pattern.name else []
        elif pattern.namespace != "admin":
            yield from named_routes(pattern, f"{within}{pattern.namespace}:" if pattern.namespace else within)


def test_every_door_asks_for_an_action_that_has_a_rule() -> None:
    asked = {action for door in DOORS.values() for action in (door.read, door.write) if action}
    assert asked <= set(POLICY)
    assert [route for route, door in DOORS.items() if door.key is Key.SESSION and not door.read] == []


@pytest.mark.parametrize("route", [route for route in product_routes() if asks_for_a_session(route)])
def test_door_opens_for_those_whose_role_allows_it_and_for_nobody_else(route: str) -> None:
    wrong = [
        f"{method} {route} as {who}: {answer}, not {expected}"
        for who, user in PEOPLE.items()
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        if (answer := knock(route, method, user)) != (expected := due(route, method, user))
    ]
    assert wrong == []


def due(route: str, method: str, user: User | None) -> int | str:
    """What the policy says the door must answer."""
    door = door_of(route)
    action = door.action(method) if door else None
    if user is None:
        return 302
    if action is None or POLICY[action].role not in {included for role in user.roles for included in INCLUDED[role]}:
        return 403
    return "open"


def knock(route: str, method: str, user: User | None) -> int | str:
    """What the door middleware answers, without going through to the view."""
    request = RequestFactory().generic(method, example_of(route))
    request.user = user or AnonymousUser()
    request.resolver_match = get_resolver().resolve(request.path)
    try:
        answer = DoorMiddleware(lambda request: None).process_view(request, lambda: None, (), {})  # type: ignore[arg-type, return-value]
    except PermissionDenied:
        return 403
    return answer.status_code if answer else "open"


@pytest.mark.django_db
@pytest.mark.parametrize("route", product_routes())
def test_stranger_gets_past_no_address_that_needs_a_key(client: Client, route: str) -> None:
    door = door_of(route)
    assert door is not None
    for method in ("get", "post", "put", "patch", "delete"):
        answer = getattr(client, method)(example_of(route))
        if door.key is Key.SESSION:
            assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/login/")
        elif door.key is not Key.NOTHING:
            # Write keys come in the body as well, so the ingest edge may find the body at fault first.
            allowed = {401} if door.key is Key.TOKEN else {400, 401}
            assert answer.status_code in allowed | {405}, (method, route, answer.status_code)


@pytest.mark.django_db
@pytest.mark.parametrize("who", PEOPLE)
def test_admin_opens_for_operators_and_admins_only(client: Client, who: str) -> None:
    user = PEOPLE[who]
    if user:
        client.force_login(User.objects.create(username=who, roles=user.roles))
    for address in ("/admin/", "/admin/login/", "/admin/people/user/", "/admin/logout/"):
        answer = client.get(address)
        if user is None:
            assert answer["Location"].startswith("/login/?next=")
        elif who not in {"operator", "admin"}:
            assert answer.status_code == 403


@pytest.mark.django_db
def test_part_of_a_page_sends_a_stranger_to_sign_in_as_a_whole(client: Client) -> None:
    answer = client.get("/components/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == "/login/"
