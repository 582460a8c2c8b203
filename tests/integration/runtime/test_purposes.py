"""Consent for a purpose: asked when a message is decided and again when it is reserved, taken back by the link (E4)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from martechops.people.models import User
from martechops.sandbox.models import MailboxMessage
from tests.integration.stories.conftest import go_live
from workflows.actions import contact_fields, definitions
from workflows.engine.authority import Writer
from workflows.models import (
    AudienceMember,
    ConsentEntry,
    Contact,
    Effect,
    EventType,
    Field,
    FieldChange,
    InboundEvent,
    Source,
    Workflow,
)
from workflows.queries import segments, unsubscribing
from workflows.runtime.advance import advance

from .conftest import AT, settle
from .test_triggers import marking

__all__ = ["go_live"]
Send = Callable[..., str]
GoLive = Callable[[str], Workflow]

NEWS = """
kind: workflow
key: news
name: News
type: nurture
owner: email-team
trigger: {event: Demo Requested}
steps:
- key: tell
  stage: engage
  system: email
  action: send_message
  with: {template: demo-welcome}
  guards: {consent: {channel: email, purpose: news}}
  owner: email-team
  output: news sent
"""


@pytest.fixture
def purposes(demo: Source) -> None:
    """Two purposes in the catalog, and an event by which people agree to both and to e-mail at all."""
    email = Field.objects.get(key="consent.email")
    for key, label in (("news", "Product news"), ("offers", "Offers")):
        row = Field(key=f"consent.email.{key}", label=label, type="consent", owner=email.owner)
        row.system_of_record, row.written_in, row.status = email.system_of_record, email.written_in, "agreed"
        definitions.save(row, by="test", at=AT)
    EventType.objects.filter(name="Subscribed").delete()
    agreed: dict[str, Any] = {"email": "granted", "email.news": "granted", "email.offers": "granted"}
    event = EventType(name="Subscribed", meaning="Agreed", owner=email.owner, consent_effect=agreed, status="agreed")
    event.schema = {"type": "object"}
    definitions.save(event, by="test", at=AT)


def told() -> tuple[str, str]:
    effect = Effect.objects.get(step="tell")
    return effect.state, effect.reason


def states(contact: Contact) -> dict[str, str]:
    contact.refresh_from_db()
    return {name: said["state"] for name, said in contact.consent.items()}


def lea() -> Contact:
    return Contact.objects.get(email="lea@example.com")


def address(contact: Contact) -> str:
    return f"/u/{unsubscribing.token(contact.pk, channel='email')}/"


@pytest.fixture
def agreed(purposes: None, go_live: GoLive, send: Send) -> Contact:
    """Lea agreed to everything, and asked for a demo: news for her is planned."""
    go_live(NEWS)
    send("Subscribed", email="lea@example.com")
    send("Demo Requested", email="lea@example.com", form_id="x", first_name="Lea")
    while advance():
        pass
    return lea()


@pytest.mark.requirement("E4", "D4")
def test_consent_for_the_channel_is_none_for_a_purpose(purposes: None, go_live: GoLive, send: Send) -> None:
    go_live(NEWS)
    send("Demo Requested", email="lea@example.com", form_id="x", first_name="Lea", marketing_consent=True)
    settle()
    assert states(lea()) == {"email": "granted"}
    assert told() == ("suppressed", "consent for email for news was never given")


def test_purpose_that_was_agreed_to_lets_the_message_go(agreed: Contact) -> None:
    settle()
    assert told() == ("done", "")
    assert set(ConsentEntry.objects.values_list("channel", "purpose", "state")) == {
        ("email", "marketing", "granted"),
        ("email", "news", "granted"),
        ("email", "offers", "granted"),
    }


@pytest.mark.requirement("E4")
def test_page_offers_the_purposes_and_keeps_what_stays_ticked(agreed: Contact, client: Client) -> None:
    page = client.get(address(agreed)).content.decode()
    assert "Product news" in page
    assert "Offers" in page
    answer = client.post(address(agreed), {"some": "yes", "keep": ["offers"]})
    assert "Product news" in answer.content.decode()
    assert states(agreed) == {"email": "granted", "email.news": "denied", "email.offers": "granted"}
    settle()
    assert told() == ("suppressed", "consent for email for news is denied")
    assert not MailboxMessage.objects.exists()
    assert "Product news" not in client.get(address(agreed)).content.decode()


def test_nothing_unticked_changes_nothing(agreed: Contact, client: Client) -> None:
    before = ConsentEntry.objects.count()
    answer = client.post(address(agreed), {"some": "yes", "keep": ["offers", "news"]})
    assert "Nothing was changed" in answer.content.decode()
    assert ConsentEntry.objects.count() == before


@pytest.mark.requirement("E4")
def test_one_click_leaves_all_of_the_channel(agreed: Contact) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.post(address(agreed), "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert set(states(agreed).values()) == {"denied"}
    changes = FieldChange.objects.filter(contact_id=agreed.pk, writer="unsubscribe link")
    assert set(changes.values_list("field", flat=True)) == {
        "consent.email",
        "consent.email.news",
        "consent.email.offers",
    }
    settle()
    assert told()[0] == "suppressed"
    assert InboundEvent.objects.filter(name="Unsubscribed").count() == 1


def test_purpose_that_was_left_is_heard_by_workflows_and_is_no_unsubscribe(
    agreed: Contact, go_live: GoLive, client: Client
) -> None:
    go_live(marking("left-news", '{field: consent.email.news, where: {event.properties.to: "denied"}}'))
    client.post(address(agreed), {"some": "yes", "keep": ["offers"]})
    settle()
    assert AudienceMember.objects.get().contact_id == agreed.pk
    assert not InboundEvent.objects.filter(name="Unsubscribed").exists()


def test_segment_asks_for_a_purpose(agreed: Contact, client: Client) -> None:
    rule = {"contact.consent.email.news": "granted"}
    assert segments.count(rule, at=AT) == 1
    client.post(address(agreed), {"some": "yes"})
    assert segments.count(rule, at=AT) == 0
    assert segments.count({"contact.consent.email": "granted"}, at=AT) == 1


def test_purpose_is_set_by_hand_with_its_history(agreed: Contact) -> None:
    ana = User.objects.get(username="ana")
    writer = Writer("system", "web-form")
    contact_fields.write(contact=agreed, values={"consent.email": "denied"}, writer=writer, by=ana, at=AT)
    assert set(states(agreed).values()) == {"denied"}
    left = ConsentEntry.objects.latest("pk")
    assert (left.channel, left.purpose, left.state) == ("email", "marketing", "denied")
