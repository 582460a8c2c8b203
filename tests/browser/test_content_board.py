"""The content board by keys: an item is moved, has the focus again where it is then, and what happened is said."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from martechops.people.models import User


@pytest.fixture
def page_of_ana(demo_of_yesterday: None, visit_as: Callable[..., Page]) -> Page:
    return visit_as(User.objects.get(username="ana"))


@pytest.mark.requirement("A9")
@pytest.mark.requirement("K5")
def test_item_is_moved_on_and_back_by_keys_and_keeps_the_focus(page_of_ana: Page) -> None:
    page = page_of_ana
    page.goto("/content/")
    item = page.get_by_role("link", name="From form to sales call")
    item.focus()
    for key, column in (
        ("Shift+ArrowRight", "In draft"),
        ("Shift+ArrowRight", "In review"),
        ("Shift+ArrowLeft", "In draft"),
    ):
        page.keyboard.press(key)
        expect(
            page.get_by_role("region", name=column).get_by_role("link", name="From form to sales call")
        ).to_be_focused()
        expect(
            page.get_by_role("status").filter(has_text=f"From form to sales call is {column.lower()} now.")
        ).to_be_visible()
        expect(item).to_have_accessible_description(f"From form to sales call is {column.lower()} now.")
