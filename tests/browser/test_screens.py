"""Every page, looked at: wide and narrow, light and dark, by eye (screenshots), by axe, and by keyboard.

MARTECHOPS_SCREENSHOTS=DIR keeps a picture of each page in all four ways; without it two ways are enough to see every
layout and every colour once.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, expect

from martechops.people.models import User
from martechops.sandbox.models import MailboxMessage
from tests.browser.conftest import Watch
from tests.fixtures import lived_in
from workflows.models import QuarantinedEvent

SCREENSHOTS = os.environ.get("MARTECHOPS_SCREENSHOTS", "")
HEIGHT = 900
WAYS = [(1440, False), (360, True)] + ([(1440, True), (360, False)] if SCREENSHOTS else [])
#: What stops people is a failure; best practices that axe only recommends are not asked for. A selector for each node
#: looked at, and a second reading of the style sheets, are half of its time.
AXE_OPTIONS = {"resultTypes": ["violations"], "selectors": False, "preload": False}
#: Of a page whose structure was looked at before: what another width or another theme can spoil.
LOOKS_ONLY = {"runOnly": ["color-contrast", "scrollable-region-focusable", "link-in-text-block"]}


@pytest.fixture
def workspace(lived_in_world: None, live_server: object) -> User:
    """Ana, in a workspace that has been used."""
    return User.objects.get(username="ana")


@pytest.fixture
def page(visit_as: Callable[..., Page], workspace: User) -> Page:
    return visit_as(workspace)


def serious(page: Page, **only: list[str]) -> list[str]:
    """What axe finds that keeps people out."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    # Axe.run brings over all that passed, too, which is most of its time.
    found = page.evaluate("options => axe.run(options).then(results => results.violations)", AXE_OPTIONS | only)
    return [
        f"{finding['id']}: {node['html'][:120]}"
        for finding in found
        if finding["impact"] in {"serious", "critical"}
        for node in finding["nodes"]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def keep_picture(page: Page, address: str, *, width: int, dark: bool) -> None:
    name = re.sub(r"\W+", "-", address).strip("-") or "today"
    path = Path(SCREENSHOTS) / f"{name}-{width}-{'dark' if dark else 'light'}.png"
    page.screenshot(path=path, full_page=True)


@pytest.mark.parametrize("half", [0, 1])
def test_every_page_reads_well(visit_as: Callable[..., Page], workspace: User, half: int) -> None:
    page = visit_as(workspace)
    faults: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and "404 (Not Found)" not in message.text:
            faults.append(f"{page.url}: {message.text}")

    page.on("console", heard)
    for address in lived_in.addresses()[half::2]:
        for width, dark in WAYS:
            first = (width, dark) == WAYS[0]
            page.set_viewport_size({"width": width, "height": HEIGHT})
            page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
            if first:
                page.goto(address)
            way = f"{address} at {width} px, {'dark' if dark else 'light'}"
            faults += [f"{way}: {finding}" for finding in serious(page, **({} if first else LOOKS_ONLY))]
            faults += [f"{way}: {overflow(page)} px too wide"] if overflow(page) > 0 else []
            if SCREENSHOTS:
                keep_picture(page, address, width=width, dark=dark)
    assert faults == [], "\n".join(faults)


def test_sign_in_page_reads_well_and_lets_in(visit_as: Callable[..., Page], workspace: User) -> None:
    page = visit_as(None, width=360, dark=True)
    page.goto("/")
    assert serious(page) == []
    if SCREENSHOTS:
        keep_picture(page, "/login/", width=360, dark=True)
    page.get_by_label("User name").fill("ana")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    assert serious(page) == []
    page.get_by_label("Password").fill("martechops-demo")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Today")).to_be_visible()


def test_slash_goes_to_search_and_search_to_the_contact(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("/")
    expect(page.get_by_label("Find a contact by e-mail")).to_be_focused()
    page.keyboard.type("LEA@example.com")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="lea@example.com", level=1)).to_be_visible()


def test_slash_in_a_field_is_a_slash(page: Page) -> None:
    page.goto("/contacts/")
    field = page.get_by_label("E-mail, part of it, or a user id")
    field.focus()
    page.keyboard.press("/")
    expect(field).to_have_value("/")


def test_first_tab_skips_to_the_content(page: Page) -> None:
    page.goto("/runs/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('main').contains(document.activeElement)")


def test_step_opens_beside_the_map_and_escape_gives_the_focus_back(page: Page) -> None:
    page.goto("/workflows/demo-request-nurture/")
    step = page.get_by_role("link", name=re.compile("^Send the welcome message\\."))
    step.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary", name="Send the welcome message")).to_be_visible()
    expect(page.get_by_role("heading", name="Send the welcome message")).to_be_focused()
    assert "step=welcome" in page.url
    page.keyboard.press("Escape")
    expect(page.get_by_role("complementary")).to_have_count(0)
    expect(step).to_be_focused()
    assert "step=" not in page.url


def test_theme_is_kept(page: Page) -> None:
    page.goto("/")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark").click()
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    page.goto("/runs/")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.get_by_role("button", name="As the system").click()
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == before


def test_navigation_opens_as_a_drawer_on_a_phone(visit_as: Callable[..., Page], workspace: User) -> None:
    page = visit_as(workspace, width=360)
    page.goto("/")
    link = page.get_by_role("link", name="Contacts")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Open the navigation").click()
    expect(link).to_be_visible()
    assert serious(page) == []
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Open the navigation").click()
    link.click()
    expect(page.get_by_role("heading", name="Contacts")).to_be_visible()


def test_filter_is_in_the_address(page: Page) -> None:
    page.goto("/runs/")
    page.get_by_label("State").select_option("stopped")
    page.wait_for_url(re.compile("state=stopped"))
    expect(page.get_by_role("row", name=re.compile("max@example.com"))).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("lea@example.com"))).to_have_count(0)


def test_account_menu_signs_out(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name=re.compile("^Account of")).click()
    assert serious(page) == []
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_message_from_outside_runs_nothing_and_asks_for_nothing(page: Page, watch: Watch) -> None:
    """The browser tells of the image that it would have asked for, and that the policy kept it from asking."""
    refused: list[str | None] = []
    page.on("requestfailed", lambda request: refused.append(request.failure))
    message = MailboxMessage.objects.earliest("pk")
    message.html = (
        '<p style="color: green">Hello</p><script>document.body.textContent = "run"</script>'
        '<img src="http://outside.example/pixel.gif" onerror="document.body.textContent = 1">'
        '<form action="http://outside.example/"><button>Go</button></form>'
    )
    message.save()
    page.goto(f"/mailbox/{message.pk}/")
    expect(page.frame_locator("iframe").get_by_text("Hello")).to_be_visible()
    expect(page.frame_locator("iframe").get_by_text("run", exact=True)).to_have_count(0)
    assert (refused, watch.outside) == (["csp"], ["http://outside.example/pixel.gif"])
    watch.outside.clear()


def test_operator_replays_from_the_page(visit_as: Callable[..., Page], workspace: User) -> None:
    page = visit_as(User.objects.get(username="sal"))
    page.goto("/events/quarantine/")
    page.get_by_role("button", name="Replay").first.click()
    expect(page.get_by_text("will be handled again in a moment")).to_be_visible()
    assert QuarantinedEvent.objects.filter(state="replayed").count() == 1
