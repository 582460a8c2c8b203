"""Lists of definitions by rows: with the keyboard, on a phone, with what they would make of things beside them."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from martechops.people.models import User
from workflows.models import EventType, LifecycleStage, Mapping, NamingConvention, Scoring


@pytest.fixture
def lived(lived_in_world: None, transactional_db: None) -> None:
    """A workspace that has been used."""


def test_points_are_given_by_rows_and_explained_for_a_contact(lived: None, visit_as: Callable[..., Page]) -> None:
    row = Scoring.objects.get()
    page = visit_as(User.objects.get(username="sal"))
    page.goto(f"/vocabulary/scoring/{row.pk}/edit/")
    page.get_by_label("Contact", exact=True).select_option(label="lea@example.com")
    expect(page.locator("#beside")).to_contain_text("By these rules")
    page.get_by_role("button", name="Rule", exact=True).click()
    rule = page.get_by_role("group", name="Rule 2", exact=True)
    expect(rule.get_by_label("Event")).to_be_focused()
    rule.get_by_label("Event").select_option("Demo Requested")
    rule.get_by_role("button", name="Only if").click()
    rule.get_by_label("Field").select_option(label="Company size")
    rule.get_by_label("Comparison").select_option(label="is more than")
    rule.get_by_label("Value").fill("200")
    rule.get_by_label("Points").fill("7")
    rule.get_by_label("In words").fill("a large company")
    expect(page.locator("#beside")).to_contain_text("A large company")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Medium risk")).to_be_visible()
    expect(page.get_by_text("Demo request to nurture").first).to_be_visible()
    page.get_by_role("button", name="Save it").click()
    expect(page.get_by_text("is saved")).to_be_visible()
    row.refresh_from_db()
    assert row.rules[1] == {
        "event": "Demo Requested",
        "points": 7,
        "says": "a large company",
        "when": {"event.properties.company_size": {"$gt": 200}},
    }


def test_statuses_are_added_moved_and_removed_by_keyboard_on_a_phone(
    lived: None, visit_as: Callable[..., Page]
) -> None:
    stage = LifecycleStage.objects.get(key="lead")
    page = visit_as(User.objects.get(username="ana"), width=360)
    page.goto(f"/vocabulary/stage/{stage.pk}/edit/")
    page.get_by_role("button", name="Status", exact=True).focus()
    page.keyboard.press("Enter")
    field = page.get_by_role("group", name="Status 3", exact=True).get_by_label("CRM status")
    expect(field).to_be_focused()
    page.keyboard.type("Nurturing")
    page.keyboard.press("Alt+ArrowUp")
    expect(page.get_by_role("group", name="Status 2", exact=True).get_by_label("CRM status")).to_have_value("Nurturing")
    page.get_by_role("button", name="Remove status 3").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Status", exact=True)).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("What changes, and why").press("Enter")
    page.get_by_role("button", name="Save it").click()
    expect(page.get_by_text("is saved")).to_be_visible()
    stage.refresh_from_db()
    assert stage.crm_statuses == ["Open", "Nurturing"]


def test_a_name_is_taken_apart_and_put_together_beside_its_parts(lived: None, visit_as: Callable[..., Page]) -> None:
    row = NamingConvention.objects.get(key="campaign-names")
    page = visit_as(User.objects.get(username="ana"))
    page.goto(f"/vocabulary/convention/{row.pk}/edit/")
    page.get_by_label("A name, taken apart").fill("2026_q4_mail_demo")
    expect(page.locator("#beside-name")).to_contain_text("channel is mail; it may be")
    channel = page.get_by_role("group", name="Part 3", exact=True)
    channel.get_by_label("Allowed values").fill("mail, ads")
    expect(page.locator("#beside-name")).to_contain_text("Follows the convention")
    page.get_by_label("Year").fill("2027")
    page.get_by_label("Quarter").select_option("q1")
    expect(page.locator("#beside-made")).to_contain_text("topic is missing")
    page.get_by_label("Topic").fill("spring-fair")
    channel.get_by_label("Allowed values").press("Tab")
    page.locator("[id='look.part.channel']").select_option("mail")
    expect(page.locator("#beside-made")).to_contain_text("2027_q1_mail_spring-fair")


def test_a_changed_property_shows_the_version_and_the_events_that_would_be_held(
    lived: None, visit_as: Callable[..., Page]
) -> None:
    row = EventType.objects.get(name="Demo Requested")
    page = visit_as(User.objects.get(username="ana"))
    page.goto(f"/vocabulary/event-type/{row.pk}/edit/")
    page.locator(".sheet-row", has=page.locator("input[value='company']")).get_by_label("Required").check()
    page.locator(".sheet-row", has=page.locator("input[value='phone']")).get_by_label("Required").check()
    expect(page.locator("#beside")).to_contain_text("1-0-0 becomes 1-1-0")
    expect(page.locator("#beside")).to_contain_text("good events would be held in quarantine")
    page.get_by_role("button", name="As JSON").click()
    expect(page.get_by_label("As JSON")).to_have_value(re.compile('"required": '))
    page.get_by_role("button", name="Edit as rows").click()
    expect(page.locator(".sheet-row").first).to_be_visible()
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("1-1-0").first).to_be_visible()
    page.get_by_role("button", name="Change it further").click()
    expect(
        page.locator(".sheet-row", has=page.locator("input[value='phone']")).get_by_label("Required")
    ).to_be_checked()
    row.refresh_from_db()
    assert "phone" not in row.schema["required"]


def test_rows_of_a_mapping_say_what_is_wrong_at_the_row(lived: None, visit_as: Callable[..., Page]) -> None:
    row = Mapping.objects.get(key="web-form-to-contact")
    page = visit_as(User.objects.get(username="ana"), width=360, dark=True)
    page.goto(f"/vocabulary/mapping/{row.pk}/edit/")
    first = page.get_by_role("group", name="Row 1", exact=True)
    first.get_by_label("Type").select_option("number")
    first.get_by_label("Default").fill("many")
    page.get_by_role("button", name="Save").last.click()
    expect(first.get_by_role("alert")).to_contain_text("'many' is not a number")
    expect(first.get_by_label("Default")).to_have_value("many")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
