"""The admin and the API reference work under the policy that they are sent with."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from martechops.people.models import Role, User


@pytest.fixture
def root(transactional_db: None) -> User:
    return User.objects.create_user("root", roles=[Role.ADMIN])


def refusals(page: Page) -> list[str]:
    """What the browser says it refused, from now on."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    return said


def test_api_reference_lists_every_operation(visit_as: Callable[..., Page]) -> None:
    page = visit_as(None)
    refused = refusals(page)
    page.goto("/api/docs/")
    expect(page.locator(".opblock").first).to_be_visible()
    # The page draws what is near the screen alone, so it is scrolled down to what is looked for.
    listed = page.locator("#operations-contacts-contacts_list")
    page.mouse.move(400, 400)
    for _ in range(200):
        if listed.count():
            break
        page.mouse.wheel(0, 300)
        page.evaluate("() => new Promise(done => setTimeout(done, 100))")
    listed.scroll_into_view_if_needed()
    listed.locator("button").first.click()
    expect(page.get_by_text("In any case and with any spaces around it.")).to_be_visible()
    assert refused == []


@pytest.mark.parametrize(
    "address", ["/admin/", "/admin/people/user/", "/admin/people/team/add/", "/admin/workflows/run/"]
)
def test_admin_pages_work(visit_as: Callable[..., Page], root: User, address: str) -> None:
    page = visit_as(root)
    refused = refusals(page)
    page.goto(address)
    expect(page.get_by_role("link", name="Teams").first).to_be_visible()
    assert refused == []


def test_stranger_signs_in_and_arrives_where_they_were_going(visit_as: Callable[..., Page], root: User) -> None:
    root.set_password("a long password")
    root.save()
    page = visit_as(None)
    refused = refusals(page)
    page.goto("/admin/people/team/")
    page.get_by_label("User name").fill("root")
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin/people/team/")
    assert refused == []
