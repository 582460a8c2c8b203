"""Campaigns on their pages, by interface and in the admin: three ways, the same rules."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.actions import campaigns
from campaigns.models import Campaign
from martechops.people.actions import tokens
from martechops.people.models import Team, User

from .conftest import AT, planned

NAME = "2026_q4_webinar_scoring"


def form(**said: Any) -> dict[str, Any]:
    return {
        "name": NAME,
        "brief": "Why\r\nand how.",
        "owner": Team.objects.get(key="marketing-ops").pk,
        "channels": "webinar, email",
        "starts_at": "2026-12-01T10:00",
        "currency": "EUR",
        "utm_source": "newsletter",
    } | said


def test_a_campaign_is_made_and_found_by_name_and_state(page: Client) -> None:
    answer = page.post("/campaigns/blank/", form())
    assert answer["Location"] == f"/campaigns/{NAME}/"
    made = Campaign.objects.get()
    assert (made.brief, made.channels, made.utm) == ("Why\nand how.", ["email", "webinar"], {"source": "newsletter"})
    for address, there in (("?q=scoring", True), ("?state=live", False), ("?owner=sales-ops", False), ("", True)):
        assert (NAME in page.get(f"/campaigns/{address}").content.decode()) is there, address


def test_what_is_wrong_stands_at_its_field_with_what_was_typed(page: Client) -> None:
    answer = page.post("/campaigns/blank/", form(name="Autumn <b>", budget="lots"))
    body = answer.content.decode()
    assert answer.status_code == 422
    assert "Enter a number." in body
    assert 'value="Autumn &lt;b&gt;"' in body
    answer = page.post("/campaigns/blank/", form(name="Autumn"))
    assert answer.status_code == 422
    assert "topic is missing" in answer.content.decode()
    assert not Campaign.objects.exists()


def test_second_editor_is_told_and_keeps_what_they_typed(page: Client, campaign: Campaign, ana: User) -> None:
    address, seen = f"/campaigns/{campaign.key}/edit/", campaigns.state_of(campaign)
    assert f'name="seen" value="{seen}"' in page.get(address).content.decode()
    campaign.brief = "By the first."
    campaigns.save(campaign, by=ana, at=AT)
    typed = form(name=campaign.name, brief="By the second.", seen=seen)
    # What is wrong besides is said first; what the first wrote was not shown yet.
    assert f'name="seen" value="{seen}"' in page.post(address, typed | {"budget": "lots"}).content.decode()
    answer = page.post(address, typed)
    body = answer.content.decode()
    assert answer.status_code == 409
    assert "By the first." in body
    assert "By the second." in body
    campaign.refresh_from_db()
    assert campaign.brief == "By the first."
    again = page.post(address, typed | {"seen": campaigns.state_of(campaign)})
    campaign.refresh_from_db()
    assert (again.status_code, campaign.brief) == (302, "By the second.")


def test_what_hangs_on_it_is_chosen_in_its_form_and_its_own_workflow_stays(page: Client, campaign: Campaign) -> None:
    from workflows.models import ContentItem, Workflow

    routing, item = Workflow.objects.get(key="quote-request-routing"), ContentItem.objects.first()
    assert item is not None
    said = form(name=campaign.name, workflows=[routing.pk], content=[item.pk])
    assert page.post(f"/campaigns/{campaign.key}/edit/", said).status_code == 302
    used = dict(campaign.parts.values_list("workflow__key", "is_own"))
    assert used == {"demo-request-nurture": True, "quote-request-routing": False}
    assert list(campaign.content.all()) == [item]
    page.post(f"/campaigns/{campaign.key}/edit/", form(name=campaign.name))
    assert dict(campaign.parts.values_list("workflow__key", "is_own")) == {"demo-request-nurture": True}


def test_its_page_explains_name_workflows_and_steps(page: Client, campaign: Campaign) -> None:
    body = page.get(f"/campaigns/{campaign.key}/").content.decode()
    for words in (
        "channel is webinar",
        "Demo request to nurture",
        "starts and stops",
        "Ask for approval",
        "newsletter",
    ):
        assert words in body, words
    assert "Start now" not in body
    assert f'action="/campaigns/{campaign.key}/move/"' in body


def test_a_step_says_what_is_missing_and_takes_it_on_when_nothing_is(page: Client, campaign: Campaign) -> None:
    bare = campaigns.save(planned("2026_q4_ads_bare", brief=""), by="tests", at=AT)
    body = page.post(f"/campaigns/{bare.key}/move/", {"verb": "submit"}, follow=True).content.decode()
    assert "it needs a brief" in body
    body = page.post(f"/campaigns/{campaign.key}/move/", {"verb": "submit"}, follow=True).content.decode()
    assert "is in review" in body
    assert "who is asked, and who has answered" in body
    assert page.get(f"/campaigns/{campaign.key}/edit/")["Location"] == f"/campaigns/{campaign.key}/"


@pytest.mark.parametrize("verb", ["", "approve", "start", "archive", "fly"])
def test_a_step_that_is_none_from_here_changes_nothing(page: Client, campaign: Campaign, verb: str) -> None:
    page.post(f"/campaigns/{campaign.key}/move/", {"verb": verb})
    campaign.refresh_from_db()
    assert campaign.state == "draft"


def caller(user: User, *scopes: str) -> dict[str, str]:
    _, text = tokens.create(user=user, scopes=scopes, by=user, at=timezone.now())
    return {"Authorization": f"Bearer {text}"}


def test_a_program_plans_changes_and_submits(ana: User, client: Client) -> None:
    headers = caller(ana, "campaigns:read", "campaigns:write")
    said = {
        "name": NAME,
        "owner": "marketing-ops",
        "brief": "Why.",
        "audience": "may-be-written-to",
        "channels": ["email"],
        "starts_at": "2026-12-01T10:00:00Z",
        "workflows": ["demo-request-nurture"],
    }
    made = client.post("/api/v1/campaigns", said, content_type="application/json", headers=headers)
    assert made.status_code == 201, made.content
    assert re.fullmatch(r"C\d\d-\d{4}", made.json()["campaign_id"])
    address = f"/api/v1/campaigns/{NAME}"
    changed = client.patch(address, {"crm_campaign_id": "701"}, content_type="application/json", headers=headers)
    assert (changed.status_code, changed.json()["crm_campaign_id"]) == (200, "701")
    assert changed.json()["workflows"] == ["demo-request-nurture"]
    etag = client.get(address, headers=headers)["ETag"]
    said, sent = {"brief": "Why, again."}, headers | {"If-Match": etag}
    assert client.patch(address, said, content_type="application/json", headers=sent).status_code == 200
    assert client.patch(address, said, content_type="application/json", headers=sent).status_code == 412
    moved = client.post(f"{address}/move", {"verb": "submit"}, content_type="application/json", headers=headers)
    assert moved.json()["state"] == "in_review"
    again = client.patch(address, {"brief": "No."}, content_type="application/json", headers=headers)
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"name": "wrong"}, 400),
        ({"state": "live"}, 400),
        ({"workflows": ["demo-request-today"]}, 400),
        ({"utm": {"sauce": "x"}}, 400),
        ({"owner": "email-team"}, 403),
    ],
)
def test_a_program_is_refused_as_a_person_is(
    ana: User, client: Client, campaign: Campaign, said: dict[str, Any], status: int
) -> None:
    headers = caller(ana, "campaigns:read", "campaigns:write")
    answer = client.patch(f"/api/v1/campaigns/{campaign.key}", said, content_type="application/json", headers=headers)
    assert answer.status_code == status, answer.content
    campaign.refresh_from_db()
    assert (campaign.name, campaign.state, campaign.owner.key) == (
        "2026_q4_webinar_lead-routing",
        "draft",
        "marketing-ops",
    )


def test_no_program_approves(ana: User, client: Client, campaign: Campaign) -> None:
    headers = caller(ana, "campaigns:write")
    answer = client.post(
        f"/api/v1/campaigns/{campaign.key}/move", {"verb": "approve"}, content_type="application/json", headers=headers
    )
    assert answer.status_code == 400


def test_admin_edits_a_draft_by_the_same_rules_and_nothing_else(client: Client, campaign: Campaign) -> None:
    client.force_login(User.objects.get(username="admin"))
    address = f"/admin/campaigns/campaign/{campaign.pk}/change/"
    said = {"name": "Autumn", "brief": "x", "owner": campaign.owner_id, "currency": "EUR"}
    said |= {"channels": "[]", "utm": "{}", "email_campaign_ids": "[]", "crm_campaign_id": ""}
    assert "topic is missing" in client.post(address, said).content.decode()
    assert client.post(address, said | {"name": campaign.name}).status_code == 302
    campaign.refresh_from_db()
    assert campaign.brief == "x"
    Campaign.objects.filter(pk=campaign.pk).update(state="approved")
    assert client.post(address, said | {"name": campaign.name, "brief": "y"}).status_code == 403
    campaign.refresh_from_db()
    assert campaign.brief == "x"
