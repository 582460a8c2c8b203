"""The condition builder by mouse and by keyboard, counted while it is filled in."""

import time
from collections.abc import Callable

import pytest
from django.http import HttpRequest, HttpResponse
from playwright.sync_api import Page, expect

from martechops.people.models import User
from workflows.models import Segment
from workflows.views import segments


@pytest.fixture
def page_of_ana(lived_in_world: None, transactional_db: None, visit_as: Callable[..., Page]) -> Page:
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
    second.get_by_label("Field").select_option(label="Lifecycle stage")
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


@pytest.fixture
def slow_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer of the builder takes longer than a hand that knows where it goes."""
    at_once = segments.render

    def slowly(request: HttpRequest, template: str, *args: object, **kwargs: object) -> HttpResponse:
        if template == "workflows/condition_builder.html":
            time.sleep(0.7)
        return at_once(request, template, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(segments, "render", slowly)


def test_nothing_chosen_is_lost_while_answers_are_on_their_way(page_of_ana: Page, slow_server: None) -> None:
    page = page_of_ana
    page.goto("/segments/warm-without-consent/edit/")
    rows = page.locator(".builder-row").count()
    page.evaluate(
        """() => {
            const choose = (id, value) => {
                const control = document.getElementById(id);
                control.value = value;
                control.dispatchEvent(new Event("input", { bubbles: true }));
                control.dispatchEvent(new Event("change", { bubbles: true }));
            };
            document.getElementById("rule.add").click();
            choose("rule.0.0.operator", "$gt");
            choose("rule.0.0.value", "61");
            document.getElementById("rule.add").click();
            choose("rule.0.0.operator", "$lt");
            choose("rule.group", "any");
        }"""
    )
    expect(page.locator(".builder-row")).to_have_count(rows + 2)
    expect(page.locator("[aria-busy]")).to_have_count(0)
    expect(page.locator("[id='rule.0.0.operator']")).to_have_value("$lt")
    expect(page.locator("[id='rule.0.0.value']")).to_have_value("61")
    expect(page.locator("[id='rule.group']")).to_have_value("any")


def test_what_is_typed_while_another_row_goes_stays_in_its_own_row(page_of_ana: Page, slow_server: None) -> None:
    page = page_of_ana
    page.goto("/segments/warm-without-consent/edit/")
    page.locator("[id='rule.add']").click()
    page.locator("[id='rule.2.field']").select_option(label="Company size")
    expect(page.locator("[id='rule.2.value']")).to_be_visible()
    page.get_by_role("button", name="Remove condition 2").click()
    page.locator("[id='rule.2.value']").fill("4711")
    page.locator("[id='rule.2.operator']").select_option(label="is more than")
    expect(page.locator("[id='rule.1.field']")).to_have_count(0)
    expect(page.locator("[aria-busy]")).to_have_count(0)
    expect(page.locator("[id='rule.2.value']")).to_have_value("4711")
    expect(page.locator("[id='rule.2.operator']")).to_have_value("$gt")


def test_a_second_press_on_a_row_that_goes_takes_no_other(page_of_ana: Page, slow_server: None) -> None:
    page = page_of_ana
    page.goto("/segments/new/")
    page.locator("[id='rule.add']").click()
    page.locator("[id='rule.add']").click()
    expect(page.locator(".builder-row")).to_have_count(3)
    page.get_by_role("button", name="Remove condition 2").dblclick()
    page.wait_for_timeout(100)
    expect(page.locator("[aria-busy]")).to_have_count(0)
    expect(page.locator(".builder-row")).to_have_count(2)
