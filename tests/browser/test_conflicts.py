"""The conflicts page, in a browser: filters in the address, the loop as a picture with links, the way to a check."""

import copy
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from martechops.people.models import Team, User
from workflows.actions import versions
from workflows.models import Version, Workflow

AT = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)


@pytest.fixture
def workspace(demo_of_monday: None, live_server: object) -> User:
    """The demo, with two drafts that set each other off."""
    content = Version.objects.get(workflow__key="demo-request-nurture").content
    write = content["steps"][1] | {"key": "size", "name": "Write the size", "action": "set_field"}
    write["with"] = {"field": "company_size", "value": 9}
    draft("by-size", content, trigger={"field": "company_size"}, steps=content["steps"][:2])
    draft("by-stage", content, trigger={"stage": "mql"}, steps=[content["steps"][0], write])
    return User.objects.get(username="ana")


def draft(key: str, content: dict[str, object], **changes: object) -> None:
    document = copy.deepcopy(content) | {"key": key, "name": key.capitalize(), "type": "quality", **changes}
    document["entry"] = {"again": {"overlapping": True}}
    row = Workflow.objects.create(
        key=key, name=key.capitalize(), type="quality", owner=Team.objects.get(key="sales-ops")
    )
    versions.draft(workflow=row, content=document, by="tests", at=AT)


@pytest.fixture
def page(visit_as: Callable[..., Page], workspace: User) -> Page:
    return visit_as(workspace)


def test_filters_are_in_the_address_and_say_when_nothing_is_left(page: Page) -> None:
    page.goto("/conflicts/")
    expect(page.get_by_text("2 conflicts", exact=True)).to_be_visible()
    page.get_by_label("Kind").select_option("DAT001")
    page.wait_for_url(re.compile("kind=DAT001"))
    expect(page.get_by_text("1 conflict", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Loop between workflows")).to_have_count(0)
    page.get_by_label("Among").select_option("running")
    page.wait_for_url(re.compile("of=running"))
    expect(page.get_by_text("No conflict like this")).to_be_visible()
    page.get_by_role("link", name="All conflicts").click()
    expect(page.get_by_text("2 conflicts", exact=True)).to_be_visible()


def test_loop_leads_to_the_steps_that_set_each_other_off_by_keyboard(page: Page) -> None:
    page.goto("/conflicts/?kind=RUN003")
    loop = page.get_by_role("group", name="Loop: By-size → By-stage → By-size")
    expect(loop).to_be_visible()
    step = loop.get_by_role("link", name="By-stage: Write the size")
    step.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="By-stage", level=1)).to_be_visible()
    expect(page.get_by_role("heading", name="Write the size")).to_be_visible()


def test_code_leads_to_what_it_means_and_how_it_is_mended(page: Page) -> None:
    page.goto("/conflicts/?kind=RUN003")
    page.get_by_role("link", name="RUN003").click()
    expect(page.get_by_role("heading", name="Loop between workflows", level=1)).to_be_visible()
    expect(page.get_by_role("heading", name="How to mend it")).to_be_visible()
