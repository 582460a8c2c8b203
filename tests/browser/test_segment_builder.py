"""The condition builder by mouse and by keyboard, counted while it is filled in."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from martechops.people.models import User
from tests.fixtures import lived_in
from workflows.models import Segment


@pytest.fixture
def page_of_ana(transactional_db: None, visit_as: Callable[..., Page]) -> Page:
    lived_in.make()
    return visit_as(User.objects.get(username="ana"))


@pytest.mark.requirement("K3")
def test_segment_is_built_by_mouse_and_counted_on_the_way(page_of_ana: Page) -> None:
    page = page_of_ana
    page.goto("/segments/new/")
    first = page.get_by_role("group", name="Condition 1", exact=True)
    first.get_by_label("Field").select_option(label="Company size")
    first.get_by_label("Comparison").select_option(label="is more than")
    first.get_by_label("Value").fill("200")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Company size is more than 200")
    expect(preview).to_contain_text("In it 3", use_inner_text=True, ignore_case=True)
    page.get_by_role("button", name="Condition", exact=True).click()
    second = page.get_by_role("group", name="Condition 2", exact=True)
    expect(second.get_by_label("Field")).to_be_focused()
    with page.expect_response(lambda answer: "/segments/builder/" in answer.url):
        second.get_by_label("Field").select_option(label="Lifecycle stage")
    page.wait_for_timeout(300)  # the answer takes the row's place
    second.get_by_label("Comparison").select_option(label="is one of")
    expect(second.get_by_label("mql")).to_be_visible()
    second.get_by_label("mql").check()
    second.get_by_label("lead", exact=True).check()
    expect(preview).to_contain_text("Lifecycle stage is one of lead, mql")
    page.get_by_label("Name").fill("Big leads")
    page.get_by_label("Key").fill("big-leads")
    page.get_by_label("Meaning").fill("Leads of big companies.")
    page.get_by_label("Owner").select_option(label="Marketing ops")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("heading", name="Big leads")).to_be_visible()
    assert Segment.objects.get(key="big-leads").when == {
        "contact.company_size": {"$gt": 200},
        "contact.lifecycle_stage": {"$in": ["lead", "mql"]},
    }


def test_rows_and_groups_come_and_go_by_keyboard_with_the_focus_at_hand(page_of_ana: Page) -> None:
    page = page_of_ana
    page.goto("/segments/warm-without-consent/edit/")
    keyboard = page.keyboard
    page.locator("[id='rule.add']").focus()
    keyboard.press("Enter")
    expect(page.locator("[id='rule.2.field']")).to_be_focused()
    keyboard.type("Lead sc")
    expect(page.locator("[id='rule.2.operator']")).to_be_visible()
    expect(page.locator("[id='rule.2.field']")).to_be_focused()
    keyboard.press("Tab")
    expect(page.locator("[id='rule.2.operator']")).to_be_focused()
    page.get_by_role("button", name="Remove condition 3").focus()
    keyboard.press("Enter")
    expect(page.locator("[id='rule.2.field']")).to_have_count(0)
    expect(page.locator("[id='rule.add']")).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(page.locator("[id='rule.2.group']")).to_be_focused()
    expect(page.locator("[id='rule.2.0.field']")).to_be_visible()


def test_what_is_typed_while_the_builder_is_answered_stays_typed(page_of_ana: Page) -> None:
    page = page_of_ana
    page.goto("/segments/warm-without-consent/edit/")
    page.evaluate(
        """() => {
            const operator = document.getElementById("rule.0.0.operator");
            const value = document.getElementById("rule.0.0.value");
            operator.value = "$gt";
            operator.dispatchEvent(new Event("change", { bubbles: true }));
            value.value = "75";
            value.dispatchEvent(new Event("input", { bubbles: true }));
        }"""
    )
    expect(page.locator("#preview")).to_contain_text("is more than 75")
    expect(page.locator("[id='rule.0.0.value']")).to_have_value("75")
