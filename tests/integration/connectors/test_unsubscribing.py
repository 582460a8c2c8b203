"""Consent taken back by the link in a message (FAULTS S16, S17), secrets at rest (S13), in-app messages."""

import uuid

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from martechops.inbox.models import InboxMessage
from martechops.lib import sealed
from martechops.people.actions import users
from martechops.people.models import Role
from tests.integration.api.conftest import NOON, a_contact, token_for
from tests.integration.runtime.conftest import settle
from workflows.actions import merges
from workflows.models import ConsentEntry, Contact, Effect, InboundEvent, MessageTemplate, System
from workflows.queries import connections, messages, unsubscribing
from workflows.runtime import render
from workflows.runtime.effects import Claimed

pytestmark = pytest.mark.django_db


@pytest.fixture
def lea() -> Contact:
    contact = a_contact("lea@example.com")
    contact.consent = {"email": {"state": "granted", "at": NOON.isoformat()}}
    contact.save()
    return contact


def address(contact: Contact) -> str:
    return f"/u/{unsubscribing.token(contact.pk, channel='email')}/"


@pytest.mark.requirement("E4")
def test_looking_changes_nothing_and_a_post_unsubscribes(lea: Contact, client: Client) -> None:
    page = client.get(address(lea))
    assert page.status_code == 200
    assert "Unsubscribe" in page.content.decode()
    client.head(address(lea))
    assert not ConsentEntry.objects.exists()
    # As a mailbox provider posts it: no cookie, no token of ours, the body that RFC 8058 asks for.
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(address(lea), "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    entry = ConsentEntry.objects.get()
    assert (entry.channel, entry.purpose, entry.state) == ("email", "marketing", "denied")
    lea.refresh_from_db()
    assert lea.consent["email"]["state"] == "denied"
    event = InboundEvent.objects.get(pk=entry.event_id)
    assert (event.name, event.body["properties"]["channel"]) == ("Unsubscribed", "email")


def test_saying_it_twice_is_one_statement(lea: Contact, client: Client) -> None:
    for _ in range(3):
        assert client.post(address(lea)).status_code == 200
    assert ConsentEntry.objects.count() == 1
    assert InboundEvent.objects.count() == 1


def test_link_of_a_contact_that_was_merged_reaches_whom_it_became(lea: Contact, client: Client) -> None:
    admin = users.add(username="ada", password=None, roles=[Role.ADMIN], by="tests", at=NOON)
    gone = a_contact("lea.old@example.com")
    link = address(gone)
    merges.merge(kept_id=lea.pk, gone_id=gone.pk, by=admin, at=NOON)
    assert client.post(link).status_code == 200
    lea.refresh_from_db()
    assert lea.consent["email"]["state"] == "denied"


def test_link_that_we_did_not_make_is_not_known(lea: Contact, client: Client) -> None:
    forged = address(lea)[:-3] + "xx/"
    assert client.get(forged).status_code == 404
    assert client.post(forged).status_code == 404
    assert not ConsentEntry.objects.exists()


def test_link_in_a_message_leads_to_the_contact_that_got_it(client: Client, demo_of_monday: None) -> None:
    lea = a_contact("lea@example.com")
    link = unsubscribing.link(lea.pk, channel="email")
    assert unsubscribing.read(link.rstrip("/").rpartition("/")[2]) == unsubscribing.Leaving(
        lea.pk, "email", "marketing"
    )
    client.post(address(lea))
    settle()  # the event goes through the workflows that wait for it
    assert Contact.objects.get(pk=lea.pk).consent["email"]["state"] == "denied"


@pytest.mark.requirement("E4")
def test_text_of_an_email_may_hold_the_link_in_plain_and_in_html(client: Client, demo_of_monday: None) -> None:
    lea = a_contact("lea@example.com")
    MessageTemplate.objects.filter(key="demo-welcome").update(body="Hello. No more: {{ unsubscribe_url }}")
    effect = Claimed(
        *(1, uuid.uuid4(), None, 1, 1, lea.pk, None, "welcome", "send_message", "email"),
        {"template": "demo-welcome", "channel": "email", "to": "lea@example.com"},
        *(0, 0, NOON, None),
    )
    content = render.content(
        effect, {"contact": {}}, {row.key: row for row in MessageTemplate.objects.all()}, blocks={}
    )
    link = content["unsubscribe"]
    assert content["text"] == f"Hello. No more: {link}"
    assert content["html"] == f'<p>Hello. No more: <a href="{link}">{link}</a></p>'
    path = link.removeprefix(settings.PUBLIC_URL)
    assert client.get(path).status_code == 200
    assert not ConsentEntry.objects.exists()
    client.post(path)
    assert ConsentEntry.objects.get().state == "denied"
    shown = messages.preview(subject="x", body="{{ unsubscribe_url }}", facts={"contact": {}})
    assert shown.missing == ()


def test_envelope_opens_for_its_owner_only_and_survives_a_new_key(settings: Settings) -> None:
    envelope = sealed.seal("hunter2", owner="connection:1:url")
    assert "hunter2" not in envelope
    assert sealed.open_(envelope, owner="connection:1:url") == "hunter2"
    for wrong in ("connection:2:url", "connection:1:secret"):
        with pytest.raises(sealed.CannotOpen):
            sealed.open_(envelope, owner=wrong)
    with pytest.raises(sealed.CannotOpen):
        sealed.open_(envelope[:-4] + "AAAA", owner="connection:1:url")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 8
    assert sealed.open_(envelope, owner="connection:1:url") == "hunter2"
    assert not sealed.is_current(envelope)
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(sealed.CannotOpen):
        sealed.open_(envelope, owner="connection:1:url")


def test_in_app_message_is_there_for_the_widget_of_the_site(lea: Contact, client: Client) -> None:
    InboxMessage.objects.create(
        key="00000000-0000-0000-0000-000000000001", contact_id=lea.pk, subject="Hello", text="Hi", sent_at=NOON
    )
    token = token_for("contacts:read")
    answer = client.get(f"/api/v1/contacts/{lea.pk}/inbox", headers={"Authorization": f"Bearer {token}"})
    assert [message["subject"] for message in answer.json()["results"]] == ["Hello"]


def test_every_channel_of_templates_has_a_connector() -> None:
    from workflows.connectors import CONNECTORS

    channels = {key for key, _ in MessageTemplate._meta.get_field("channel").choices}
    assert {"", *(key for key, one in CONNECTORS.items() if one.local)} == set(connections._INSIDE)
    assert channels <= {"email", "in_app", "chat"} <= CONNECTORS.keys()
    assert {connector.effect_class for connector in CONNECTORS.values()} == {"A", "B", "C"}
    assert all(connector.stand_in in CONNECTORS for connector in CONNECTORS.values())
    assert all(CONNECTORS[connector.stand_in].local for connector in CONNECTORS.values())


def test_far_side_that_can_tell_is_asked_about_what_is_uncertain(demo_of_monday: None) -> None:
    from martechops.sandbox import crm
    from workflows.runtime import reconcile

    lea = a_contact("lea@example.com")
    effects = [
        Effect.objects.create(
            key=f"00000000-0000-0000-0000-00000000000{n}",
            workflow_id=1,
            version_id=1,
            run_id=1,
            contact_id=lea.pk,
            step="task",
            kind="create_task",
            system="crm",
            payload={},
            state="uncertain",
            not_before=NOON,
            planned_at=NOON,
            doubt_since=NOON,
            probe_at=NOON,
        )
        for n in (1, 2)
    ]
    crm.create_task(key=effects[0].key, email="lea@example.com", queue="q", title="t", due_at=None)
    assert reconcile.due_systems(at=NOON) == ["crm"]
    reconcile.ask("crm", at=NOON)
    states = dict(Effect.objects.values_list("key", "state"))
    assert [states[effect.key] for effect in Effect.objects.order_by("key")] == ["done", "planned"]
    assert System.objects.filter(key="crm").exists()
