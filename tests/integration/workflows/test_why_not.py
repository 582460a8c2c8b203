"""Why not: asked of a contact on its page and over the interface (requirement A6)."""

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from martechops.people.actions import tokens
from martechops.people.models import User
from workflows.models import Contact, Effect, Workflow
from workflows.queries import why_not

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("A6")]


@pytest.fixture(autouse=True)
def _workspace(lived_in_world: None, db: None) -> None:
    """One that has been used."""


def ask(email: str, step: str, workflow: str = "demo-request-nurture") -> why_not.Found:
    contact = Contact.objects.get(email=email)
    found = why_not.of_contact(contact, workflow=Workflow.objects.get(key=workflow), step=step, at=contact.updated_at)
    assert found
    return found


def test_message_without_consent_names_consent_as_what_would_have_turned_it() -> None:
    found = ask("max@example.com", "welcome")
    assert "consent for email was never given" in found.answer.says
    assert found.answer.changes
    assert {change.path for change in found.answer.changes} == {"contact.consent.email"}


def test_step_behind_a_stop_is_answered_by_the_stop() -> None:
    found = ask("max@example.com", "assign-owner")
    assert found.answer.step == "consent-missing"
    assert found.answer.changes


def test_step_that_was_done_has_no_why_not() -> None:
    assert ask("lea@example.com", "upsert-contact").happened


def test_step_that_is_waited_for_says_until_when() -> None:
    found = ask("ivo.with.a.very.long.name@subsidiary.brightwater.example", "upsert-contact")
    assert found.happened
    Effect.objects.filter(contact_id=Contact.objects.get(email="lea@example.com").pk, kind="send_message").update(
        state="suppressed", reason="consent for email is denied"
    )
    assert "withheld when it was about to be done" in ask("lea@example.com", "welcome").answer.says


def test_contact_that_no_workflow_looked_at_is_told_what_begins_it() -> None:
    contact = Contact.objects.create(
        email="new@example.com", created_at="2026-11-22T12:00Z", updated_at="2026-11-22T12:00Z"
    )
    found = ask(str(contact.email), "welcome")
    assert "it begins with Demo Requested" in found.answer.says
    assert found.run_id is None


def test_version_without_the_step_has_no_answer() -> None:
    contact = Contact.objects.get(email="max@example.com")
    workflow = Workflow.objects.get(key="demo-request-nurture")
    assert why_not.of_contact(contact, workflow=workflow, step="no-such", at=contact.updated_at) is None


def test_page_answers_in_words(client: Client) -> None:
    client.force_login(User.objects.get(username="ida"))
    contact = Contact.objects.get(email="max@example.com")
    assert "Why not?" in client.get(f"/contacts/{contact.pk}/").content.decode()
    page = client.get(f"/contacts/{contact.pk}/why/?workflow=demo-request-nurture&step=welcome").content.decode()
    assert "It would have happened if" in page
    assert client.get(f"/contacts/{contact.pk}/why/?workflow=nope&step=nope").status_code == 200


def test_interface_answers_the_same() -> None:
    ida = User.objects.get(username="ida")
    client = APIClient()
    _, text = tokens.create(user=ida, scopes=["contacts:read"], by="test", at=timezone.now())
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    contact = Contact.objects.get(email="max@example.com")
    address = f"/api/v1/contacts/{contact.pk}/why-not"
    answer = client.get(address, {"workflow": "demo-request-nurture", "step": "welcome"})
    assert answer.status_code == 200
    assert answer.json()["happened"] is False
    assert answer.json()["changes"][0]["path"] == "contact.consent.email"
    assert client.get(address, {"workflow": "nope", "step": "welcome"}).status_code == 400
