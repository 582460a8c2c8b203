"""What mail providers say of messages, as events; who complained gets no more e-mail from that moment on (E4)."""

import base64
from typing import Any

import orjson
import pytest
from django.http import HttpResponse
from django.test import Client

from tests.integration.api.conftest import NOON, a_contact
from workflows.actions import sources
from workflows.models import ConsentEntry, Contact, ContactKey, FieldChange, InboundEvent, Source

pytestmark = pytest.mark.django_db
TO = "lea@example.com"

POSTMARK: dict[str, Any] = {"MessageID": "m-1", "Recipient": TO, "DeliveredAt": "2026-11-22T11:00:00Z"}
MAILGUN: dict[str, Any] = {"id": "g-1", "timestamp": 1_795_345_200.5, "recipient": TO}
SENDGRID: dict[str, Any] = {"sg_event_id": "s-1", "timestamp": 1_795_345_200, "email": TO}


@pytest.fixture
def source(demo_of_monday: None, db: None) -> Source:
    return sources.create(key="mail", name="Mail provider", by="test", at=NOON)


@pytest.fixture
def lea(source: Source) -> Contact:
    contact = a_contact(TO)
    ContactKey.objects.get_or_create(key=f"email:{TO}", defaults={"contact_id": contact.pk})
    contact.consent = {
        "email": {"state": "granted", "at": NOON.isoformat()},
        "email.news": {"state": "granted", "at": NOON.isoformat()},
    }
    contact.save()
    return contact


def post(source: Source, body: object, key: str = "") -> HttpResponse:
    """As providers post: the write key is the user name of the address that they were given."""
    basic = base64.b64encode(f"{key or source.write_key}:".encode()).decode()
    answer: Any = Client().post(
        f"/ingest/{source.key}/",
        orjson.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Basic {basic}"},
    )
    return answer


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (POSTMARK | {"RecordType": "Delivery"}, "Email Delivered"),
        (POSTMARK | {"RecordType": "Open"}, "Email Opened"),
        (POSTMARK | {"RecordType": "Click", "OriginalLink": "https://example.com/"}, "Email Clicked"),
        (POSTMARK | {"RecordType": "Bounce", "Type": "HardBounce", "Inactive": True}, "Email Bounced"),
        (POSTMARK | {"RecordType": "Bounce", "Type": "SoftBounce", "Inactive": False}, "Email Deferred"),
        (POSTMARK | {"RecordType": "SpamComplaint"}, "Email Complained"),
        ([SENDGRID | {"event": "delivered"}], "Email Delivered"),
        ([SENDGRID | {"event": "bounce", "type": "bounce"}], "Email Bounced"),
        ([SENDGRID | {"event": "bounce", "type": "blocked"}], "Email Deferred"),
        ([SENDGRID | {"event": "spamreport"}], "Email Complained"),
        ([SENDGRID | {"event": "processed"}], None),
        (
            {"signature": {}, "event-data": MAILGUN | {"event": "clicked", "url": "https://example.com"}},
            "Email Clicked",
        ),
        ({"event-data": MAILGUN | {"event": "failed", "severity": "permanent"}}, "Email Bounced"),
        ({"event-data": MAILGUN | {"event": "failed", "severity": "temporary"}}, "Email Deferred"),
        ({"event-data": MAILGUN | {"event": "complained"}}, "Email Complained"),
    ],
)
def test_body_of_a_provider_becomes_an_event_under_one_name(source: Source, body: Any, name: str | None) -> None:
    for _ in range(2):  # what is posted twice is one event
        assert post(source, body).status_code == 200
    stored = InboundEvent.objects.filter(source_id=source.pk)
    assert [event.name for event in stored] == ([name] if name else [])
    assert all(event.body["properties"]["email"] == TO for event in stored)


@pytest.mark.requirement("E4")
def test_complaint_ends_all_email_at_once_with_its_cause(source: Source, lea: Contact) -> None:
    assert post(source, [SENDGRID | {"event": "open"}]).status_code == 200
    lea.refresh_from_db()
    assert lea.consent["email"]["state"] == "granted"
    for number in (2, 3):
        assert post(source, [SENDGRID | {"event": "spamreport", "sg_event_id": f"s-{number}"}]).status_code == 200
    lea.refresh_from_db()
    assert {said["state"] for said in lea.consent.values()} == {"denied"}
    (entry,) = ConsentEntry.objects.all()
    assert InboundEvent.objects.get(pk=entry.event_id).name == "Email Complained"
    assert set(FieldChange.objects.values_list("writer", flat=True)) == {"Email Complained"}


def test_complaint_about_somebody_unknown_is_an_event_and_nothing_else(source: Source) -> None:
    assert post(source, [SENDGRID | {"event": "spamreport", "email": "nobody@example.com"}]).status_code == 200
    assert not ConsentEntry.objects.exists()


def test_wrong_key_is_turned_away(source: Source, lea: Contact) -> None:
    assert post(source, [SENDGRID | {"event": "spamreport"}], key="x").status_code == 401
    lea.refresh_from_db()
    assert lea.consent["email"]["state"] == "granted"
