"""A real browser on a live server, with a person signed in, that may talk to nobody else.

`page` is the one to use: it is ana's, on this machine only, and the test fails when a script on it raised or anything
was asked of another machine. `visit_as(user)` gives a page of somebody else's.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, Request, sync_playwright
from pytest_django.live_server_helper import LiveServer

from martechops.embedded import chromium
from martechops.people.models import Role, User

#: Whatever is not this machine has no address: a request to outside fails instead of leaving.
_ONLY_HERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for these tests, gone before others run; skipped, loudly at the end, where there is none."""
    path = chromium.find()
    reason = chromium.why_not()
    if reason is not None:
        pytest.skip(reason)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread; our queries here are ordinary ones all the same.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        launched = playwright.chromium.launch(executable_path=path, args=[*chromium.FLAGS, _ONLY_HERE])
        yield launched
        launched.close()


@dataclass(slots=True)
class Watch:
    """What a page did that none of ours may do."""

    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob", "about"} and parts.hostname not in _LOOPBACK:
            self.outside.append(request.url)

    def over(self, page: Page) -> Page:
        page.on("request", lambda request: self.on_request(request))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the test when a page asked anything of another machine, or one of its scripts raised."""
    watching = Watch()
    yield watching
    assert watching.outside == [], "a page asked another machine"
    assert watching.errors == [], "a script raised"


@pytest.fixture
def visit_as(browser: Browser, live_server: LiveServer, watch: Watch) -> Iterator[Callable[..., Page]]:
    """`visit_as(user, width=1440, dark=False)` gives that person's page; None visits without signing in."""
    contexts = []

    def visit(user: User | None, *, width: int = 1440, dark: bool = False) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
        )
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        return watch.over(context.new_page())

    yield visit
    for context in contexts:
        context.close()


@pytest.fixture
def ana(live_server: LiveServer) -> User:
    """Owns: a marketer."""
    return User.objects.create_user("ana", "ana@example.com", "correct horse", first_name="Ana", roles=[Role.MARKETER])


@pytest.fixture
def page(visit_as: Callable[..., Page], ana: User) -> Page:
    """Ana's."""
    return visit_as(ana)
