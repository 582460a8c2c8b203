"""The registry of links, the builder that tags them, the calendar, and what guards leave of an audience."""

import copy
from datetime import UTC, date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.actions import campaigns, playbooks
from campaigns.models import Campaign, PageVisit
from campaigns.queries import audiences, calendars, links
from campaigns.queries import playbooks as reading
from martechops.lib import digest
from martechops.people.actions import tokens
from martechops.people.models import Team, User
from tests.integration.admin.rows import make
from tests.unit.campaigns.test_patterns import SAID
from workflows.actions import versions
from workflows.models import Block, Contact, Effect, MessageTemplate

from .conftest import AT, planned


@pytest.fixture
def webinar(ana: User) -> Campaign:
    version = reading.newest("webinar")
    assert version is not None
    owner = Team.objects.get(key="marketing-ops")
    return playbooks.instantiate(version=version, said=SAID["webinar"], owner=owner, by=ana, at=AT).campaign


@pytest.mark.requirement("C9")
@pytest.mark.requirement("A11")
def test_every_link_of_a_launch_is_registered_with_its_tags_and_its_answer(webinar: Campaign) -> None:
    found = links.registered(webinar)
    assert {one.address.partition("?")[0] for one in found} == {
        "https://example.com/join",
        "https://example.com/recording",
        "https://example.com/webinar",
    }
    assert [one.address for one in found if one.astray] == []
    assert {one.place for one in found} >= {"template Lead routing in an hour: you are in"}
    PageVisit.objects.create(
        digest=digest.of(found[0].address),
        url=found[0].address,
        wanted_at=AT,
        visited_at=AT,
        status=404,
        problem="answered 404",
    )
    again = {one.address: one.visit for one in links.registered(webinar)}
    visit = again[found[0].address]
    assert visit is not None
    assert visit.problem == "answered 404"


def test_template_of_two_launches_is_registered_for_both_with_the_blocks_that_it_names(
    webinar: Campaign, ana: User
) -> None:
    version = reading.newest("lead-magnet")
    assert version is not None
    owner = Team.objects.get(key="marketing-ops")
    other = playbooks.instantiate(version=version, said=SAID["lead-magnet"], owner=owner, by=ana, at=AT).campaign
    template = MessageTemplate.objects.get(key="webinar-lead-routing-in-an-hour-thanks")
    template.body += "\n{{ block.until-we-call }}"
    template.save()
    Block.objects.filter(key="until-we-call").update(fallback="Look: https://example.com/tour?for={{ contact.id }}")
    used = other.parts.get(is_own=True).workflow.versions.latest("number")
    content = copy.deepcopy(used.content)
    next(step for step in content["steps"] if step.get("action") == "send_message")["with"] = {"template": template.key}
    versions.draft(workflow=used.workflow, content=content, by="tests", at=AT)
    found = [one for one in links.registered() if one.address.startswith("https://example.com/tour")]
    assert {one.campaign for one in found} == {webinar, other}
    assert {one.place.partition(" ")[0] for one in found} == {"block"}
    assert links.to_visit(found) == set()  # it is another one for each reader


def test_a_tag_that_somebody_takes_away_is_found(webinar: Campaign, page: Client) -> None:
    template = MessageTemplate.objects.get(key="webinar-lead-routing-in-an-hour-thanks")
    template.body = template.body.replace("utm_source=newsletter&", "")
    template.save()
    (astray,) = [one for one in links.registered(webinar) if one.astray]
    assert astray.astray == (("source", "newsletter"),)
    assert "utm_source is not newsletter" in page.get(f"/campaigns/{webinar.key}/").content.decode()


def test_registry_takes_a_fixed_number_of_queries(webinar: Campaign, ana: User) -> None:
    with CaptureQueriesContext(connection) as one:
        links.registered()
    version = reading.newest("lead-magnet")
    assert version is not None
    owner = Team.objects.get(key="marketing-ops")
    playbooks.instantiate(version=version, said=SAID["lead-magnet"], owner=owner, by=ana, at=AT)
    with CaptureQueriesContext(connection) as two:
        assert len({link.campaign for link in links.registered()}) == 2
    assert len(one) == len(two)


def test_builder_tags_an_address_as_the_campaign_says(webinar: Campaign, page: Client) -> None:
    asked = {"campaign": webinar.key, "address": "https://example.com/a?utm_source=old&b=1", "content": "footer"}
    body = page.get("/links/", asked).content.decode()
    tagged = f"https://example.com/a?b=1&amp;utm_source=newsletter&amp;utm_medium=email&amp;utm_campaign={webinar.name}"
    assert f"{tagged}&amp;utm_content=footer" in body
    assert (
        "an address that begins with https://" in page.get("/links/", asked | {"address": "example"}).content.decode()
    )


def test_visits_are_asked_for_once_an_address(webinar: Campaign, page: Client) -> None:
    page.post("/links/")
    page.post("/links/")
    assert PageVisit.objects.count() == len({one.address for one in links.registered()})


def test_calendar_shows_a_launch_from_its_start_to_its_end(ana: User, page: Client) -> None:
    made = campaigns.save(planned(), by=ana, at=AT)  # 9 November to 2 December
    november = calendars.month(date(2026, 11, 1), zone=UTC)
    days = [day.date for week in november.weeks for day in week if day.entries]
    assert (days[0], len(days)) == (date(2026, 11, 9), 24 - 2 + 6 - 4)
    december = calendars.month(date(2026, 12, 1), zone=UTC)
    ends = [day.date for week in december.weeks for day in week for entry in day.entries if entry.ends]
    assert ends == [date(2026, 12, 2)]
    assert made.name in page.get("/campaigns/calendar/?month=2026-11").content.decode()
    assert made.name not in page.get("/campaigns/calendar/?month=2026-08").content.decode()
    for odd in ("", "soon", "9999-99", "0001-01"):
        assert page.get("/campaigns/calendar/", {"month": odd}).status_code == 200


def contact(name: str, **said: Any) -> Contact:
    consent = {"email": {"state": "granted", "at": AT.isoformat()}}
    usual = {"email": f"{name}@example.com", "lifecycle_stage": "lead", "consent": consent}
    return Contact.objects.create(**(usual | said), created_at=AT, updated_at=AT)


@pytest.mark.requirement("E1")
def test_audience_is_counted_guard_by_guard(demo: None) -> None:
    contact("lea")
    contact("max", consent={})
    contact("nobody", email=None)
    contact("ivo", consent={"email": {"state": "denied", "at": AT.isoformat()}})
    contact("customer", lifecycle_stage="customer")
    tired, rested = contact("tired"), contact("rested")
    for who, days in ((tired, 1), (rested, 30)):
        for _ in range(audiences.AT_MOST):
            at = AT - timedelta(days=days)
            payload = {"channel": "email"}
            make(Effect, contact_id=who.pk, kind="send_message", state="done", ended_at=at, payload=payload)
    found = audiences.reach({"contact.lifecycle_stage": "lead"}, at=AT)
    assert (found.members, found.addressed, found.agreed, found.reachable) == (6, 5, 3, 2)
    assert [count for _, count in found.left_out] == [1, 2, 1]


@pytest.mark.requirement("C9", "A11")
def test_interface_lists_tags_and_has_links_visited(webinar: Campaign, ana: User, client: Client) -> None:
    _, secret = tokens.create(user=ana, scopes=["campaigns:read", "campaigns:write"], by=ana, at=AT)
    ask: dict[str, Any] = {"headers": {"Authorization": f"Bearer {secret}"}}
    send = {"content_type": "application/json", **ask}
    found = client.get(f"/api/v1/links?campaign={webinar.key}", **ask).json()["results"]
    assert {one["address"] for one in found} == {one.address for one in links.registered(webinar)}
    assert all(one["tags"]["campaign"] == webinar.name and one["astray"] == {} for one in found)
    assert client.get("/api/v1/links?campaign=none", **ask).status_code == 400
    tagged = client.post(
        "/api/v1/links/tag", {"campaign": webinar.key, "address": "https://example.com/a", "source": "fair"}, **send
    )
    assert f"utm_source=fair&utm_medium={webinar.utm['medium']}" in tagged.json()["address"]
    bad = client.post("/api/v1/links/tag", {"campaign": webinar.key, "address": "no address"}, **send)
    assert (bad.status_code, bad.json()["errors"][0]["attr"]) == (400, "address")
    asked_for = client.post("/api/v1/links/visit", **send).json()["asked_for"]
    assert asked_for == PageVisit.objects.count() > 0
