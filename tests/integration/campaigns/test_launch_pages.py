"""New campaign on one page, playbooks on theirs, and the same by interface."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign, Playbook
from martechops.people.actions import tokens
from martechops.people.models import Team, User
from tests.unit.campaigns.test_patterns import SAID
from workflows.models import MessageTemplate, Workflow

NEW = "/campaigns/new/?playbook=webinar"
NAME = "2026_q4_webinar_lead-routing-in-an-hour"


def form(**said: Any) -> dict[str, Any]:
    usual = {"marketing_team": "marketing-ops", "email_team": "email-team", "sales_team": "sales-ops"}
    usual |= {"analytics_team": "analytics", "crm": "crm", "mail": "email", "warehouse": "warehouse"}
    owner = {"owner": Team.objects.get(key="marketing-ops").pk}
    return {**SAID["webinar"], **usual, **owner, "follow_up": "3 days", "webinar_id": "", **said}


@pytest.mark.requirement("E1")
def test_a_launch_is_made_on_one_page_and_is_ready_to_be_reviewed(page: Client) -> None:
    body = page.get(NEW).content.decode()
    for words in ("Topic", "When it takes place", "To be said still: Topic, When it takes place"):
        assert words in body, words
    answer = page.post(NEW, form())
    assert answer["Location"] == f"/campaigns/{NAME}/"
    body = page.get(answer["Location"]).content.decode()
    for words in ("Ask for approval", "Lead routing in an hour: registered", "version 1", "starts and stops"):
        assert words in body, words
    for words in ("<dt>When it takes place</dt>", "<dt>Marketing operations</dt>", "within a minute"):
        assert words in body, words
    assert "is in review" in page.post(f"/campaigns/{NAME}/move/", {"verb": "submit"}, follow=True).content.decode()


def test_the_preview_shows_name_links_messages_map_and_checks_while_it_is_filled_in(page: Client) -> None:
    address = "/campaigns/new/preview/?playbook=webinar"
    body = page.post(address, form(topic="")).content.decode()
    assert "To be said still: Topic" in body
    body = page.post(address, form()).content.decode()
    for words in (
        NAME,
        "channel is webinar",
        "utm_campaign",
        f"https://example.com/join?room=7&amp;utm_source=newsletter&amp;utm_medium=email&amp;utm_campaign={NAME}",
        "Tomorrow: Lead routing in an hour",
        'aria-label="Map of Lead routing in an hour: registered"',
        "message template webinar-lead-routing-in-an-hour-thanks",
        "There already, and used as it is: event type Webinar Attended",
        "email-team and sales-ops approve it",
    ):
        assert words in body, words
    assert "there is no team nobody" in page.post(address, form(email_team="nobody")).content.decode()
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"topic": ""}, "This is needed."),
        ({"join_link": "javascript:alert(1)"}, "an address that begins with https://"),
        ({"webinar_at": "soon"}, "a date and a time"),
        ({"email_team": "nobody"}, "there is no team nobody"),
        ({"owner": ""}, "This field is required."),
        ({"owner": "999999"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_with_what_was_typed_and_nothing_is_made(
    page: Client, said: dict[str, str], says: str
) -> None:
    answer = page.post(NEW, form(**said))
    body = answer.content.decode()
    assert (answer.status_code, says in body) == (422, True)
    assert 'value="Ana Silva"' in body
    assert not Campaign.objects.exists()
    assert not MessageTemplate.objects.filter(key__startswith="webinar-").exists()


def test_no_playbook_of_that_name_is_not_found_and_none_shows_the_choice(page: Client) -> None:
    assert page.get("/campaigns/new/?playbook=nothing").status_code == 404
    assert page.post("/campaigns/new/preview/").status_code == 404
    body = page.get("/campaigns/new/").content.decode()
    for name in Playbook.objects.values_list("name", flat=True):
        assert name in body


def test_playbook_page_says_what_it_asks_for_makes_and_was_made_from_it(page: Client) -> None:
    page.post(NEW, form())
    body = page.get("/playbooks/webinar/").content.decode()
    for words in ("Link to the recording", "The recording, and the one slide to keep", NAME, "contact.consent.email"):
        assert words in body, words
    listed = page.get("/playbooks/").content.decode()
    assert "1 launch ·" in listed or "1 launch<" in listed
    assert page.get("/playbooks/webinar/file/").content.startswith(b"kind: playbook")


def test_a_playbook_of_ones_own_comes_from_a_workflow_of_ones_team(page: Client) -> None:
    from workflows.models import Segment

    own, others = (Workflow.objects.get(key=key) for key in ("demo-request-nurture", "quote-request-routing"))
    said = {"name": "Our demo", "summary": "As we do it.", "channel": "email", "workflow": own.pk}
    said["audience"] = Segment.objects.get(key="may-be-written-to").pk
    assert page.post("/playbooks/new/", said)["Location"] == "/playbooks/our-demo/"
    refused = page.post("/playbooks/new/", said | {"workflow": others.pk, "name": "Theirs"})
    assert refused.status_code == 422
    assert "another team" in refused.content.decode()
    assert Playbook.objects.get(key="our-demo").owner == own.owner


def test_audience_is_counted_guard_by_guard_on_its_page(page: Client) -> None:
    page.post(NEW, form())
    body = page.get(f"/campaigns/{NAME}/reach/").content.decode()
    assert "Can be reached" in body


def caller(user: User, *scopes: str) -> dict[str, str]:
    _, text = tokens.create(user=user, scopes=scopes, by=user, at=timezone.now())
    return {"Authorization": f"Bearer {text}"}


def test_a_program_looks_at_a_launch_and_makes_it(ana: User, client: Client) -> None:
    headers = caller(ana, "playbooks:read", "playbooks:write")

    def post(verb: str, parameters: dict[str, Any]) -> Any:
        said = {"owner": "marketing-ops", "parameters": parameters}
        address = f"/api/v1/playbooks/webinar/{verb}"
        return client.post(address, said, content_type="application/json", headers=headers)

    assert client.get("/api/v1/playbooks/webinar", headers=headers).json()["version"] == 1
    seen = post("preview", SAID["webinar"]).json()
    assert (seen["name"], seen["problems"]) == (NAME, [])
    assert post("launch", {}).json()["errors"] or post("launch", {}).status_code == 400
    made = post("launch", SAID["webinar"])
    assert (made.status_code, made.json()["name"]) == (201, NAME)
    assert post("launch", SAID["webinar"]).status_code == 409
