"""A real browser on a live server, with a person signed in, that may talk to nobody else.

`page` is the one to use: it is ana's, on this machine only, and the test fails when a script on it raised or anything
was asked of another machine. `visit_as(user)` gives a page of somebody else's.
"""

import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, Response, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from martechops.embedded import chromium
from martechops.people.models import Role, User
from tests.installations import until

#: Whatever is not this machine has no address: a request to outside fails instead of leaving.
_ONLY_HERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
#: A machine that does ten other things is slow, not wrong: what is waited for comes, or the page is broken for good.
_PATIENCE_MS = 120_000
expect.set_options(timeout=_PATIENCE_MS)
#: How long the tables of a test are kept for an answer that nobody waits for any more.
_LATE_ANSWERS_SECONDS = 20.0


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


#: How much of a page a report shows.
_SHOWN_CHARACTERS = 1_500


@dataclass(slots=True)
class Watch:
    """What pages did that none of ours may do, and what they said, for the report of a test that failed."""

    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob", "about"} and parts.hostname not in _LOOPBACK:
            self.outside.append(request.url)

    def on_response(self, response: Response) -> None:
        if response.request.resource_type in {"document", "fetch", "xhr"} or response.status >= 400:
            self.heard.append(f"{response.status} {response.request.method} {response.url}")

    def on_console(self, message: ConsoleMessage) -> None:
        self.heard.append(f"console {message.type}: {message.text}")

    def over(self, page: Page) -> Page:
        page.on("request", lambda request: self.on_request(request))
        page.on("requestfailed", lambda request: self.heard.append(f"failed {request.url}: {request.failure}"))
        page.on("response", lambda response: self.on_response(response))
        page.on("console", lambda message: self.on_console(message))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.pages.append(page)
        return page

    def report(self) -> str:
        """Where each page is, what is read on it, and the last things heard from all of them."""
        return "\n".join([*(_seen(page) for page in self.pages), *self.heard[-40:], *self.errors])


def _seen(page: Page) -> str:
    try:
        text = page.inner_text("body", timeout=2_000)
    except Error as error:
        text = f"(cannot be read: {error.message})"
    return f"{page.url}\n{text[:_SHOWN_CHARACTERS]}\n"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A browser test that failed says what was on the screen."""
    report = yield
    watching = getattr(item, "funcargs", {}).get("watch")
    if report.when == "call" and report.failed and isinstance(watching, Watch):
        report.sections.append(("on the screen", watching.report()))
    return report


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
        context.set_default_timeout(_PATIENCE_MS)
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
    until(lambda: not _answering(), seconds=_LATE_ANSWERS_SECONDS)


def _answering() -> bool:
    """Whether the server is still at work on something: the next test's tables are emptied only after that."""
    return any("process_request_thread" in thread.name for thread in threading.enumerate())


@pytest.fixture
def ana(live_server: LiveServer) -> User:
    """Owns: a marketer."""
    return User.objects.create_user("ana", "ana@example.com", "correct horse", first_name="Ana", roles=[Role.MARKETER])


@pytest.fixture
def page(visit_as: Callable[..., Page], ana: User) -> Page:
    """Ana's."""
    return visit_as(ana)
