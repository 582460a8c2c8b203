"""Signed webhooks and CloudEvents over HTTP (requirement A2; FAULTS F7, S12)."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.test import Client
from standardwebhooks import Webhook

from martechops.audit.models import AuditEntry
from workflows.actions import sources
from workflows.models import EventConflict, InboundEvent, Source

from .conftest import NOON, basic

SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1zaG9wLXdpdGgtMzItYnl0ZXM="
PAID = {"type": "Order Paid", "data": {"email": "ana@example.com", "total": 12}}
CLOUD = {"specversion": "1.0", "id": "A-1", "source": "/shop", "type": "Order Paid", "data": {"email": "a@example.com"}}

Send = Callable[..., HttpResponse]


@pytest.fixture
def signed(source: Source) -> Source:
    sources.add_secret(source, by="test", at=NOON, secret=SECRET)
    source.refresh_from_db()
    return source


def send(body: object, *, key: str = "web-form", kind: str = "application/json", **headers: str) -> HttpResponse:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client().post(f"/ingest/{key}/", raw, content_type=kind, headers=headers)  # type: ignore[return-value]


def send_signed(
    body: object, *, message_id: str = "msg_1", secret: str = SECRET, at: datetime | None = None, **headers: str
) -> HttpResponse:
    raw = json.dumps(body).encode()
    at = at or datetime.now(UTC)
    signature = Webhook(secret).sign(message_id, at, raw.decode())
    stamps = {"webhook-id": message_id, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
    return send(raw, **(stamps | headers))


def said(answer: HttpResponse) -> dict[str, Any]:
    return json.loads(answer.content)  # type: ignore[no-any-return]


@pytest.mark.requirement("A2")
def test_signed_webhook_is_stored_once_however_often_it_comes(signed: Source) -> None:
    assert [send_signed(PAID).status_code for _ in range(3)] == [200, 200, 200]
    event = InboundEvent.objects.get()
    assert (event.name, event.message_id, event.body["properties"]["total"]) == ("Order Paid", "msg_1", 12)


def test_same_id_with_another_body_is_a_conflict_and_the_first_counts(signed: Source) -> None:
    send_signed(PAID)
    send_signed(PAID | {"data": {"email": "ana@example.com", "total": 99}})
    assert InboundEvent.objects.get().body["properties"]["total"] == 12
    assert EventConflict.objects.count() == 1


@pytest.mark.parametrize("minutes", [-6, 6])
def test_signature_that_is_too_old_or_too_new_is_turned_away(signed: Source, minutes: int) -> None:
    assert send_signed(PAID, at=datetime.now(UTC) + timedelta(minutes=minutes)).status_code == 401
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": ""},
        {"webhook-signature": "nonsense"},
        {"webhook-signature": "v1,\u00e9\u00e9"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "9" * 40},
        {"webhook-id": "msg_2"},
    ],
)
def test_forged_or_malformed_headers_are_turned_away(signed: Source, headers: dict[str, str]) -> None:
    assert send_signed(PAID, **headers).status_code == 401


def test_body_that_was_changed_on_the_way_is_turned_away(signed: Source) -> None:
    at = datetime.now(UTC)
    signature = Webhook(SECRET).sign("msg_1", at, json.dumps(PAID))
    stamps = {"webhook-id": "msg_1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
    assert send(json.dumps(PAID).replace("12", "13").encode(), **stamps).status_code == 401


def test_source_that_signs_is_not_opened_by_its_write_key(signed: Source) -> None:
    assert send(PAID, Authorization=basic(signed.write_key)).status_code == 401


def test_unknown_and_switched_off_sources_look_alike(source: Source) -> None:
    sources.change(source, by="test", at=NOON, enabled=False)
    answers = [send(PAID, key=key, Authorization=basic(source.write_key)) for key in ("web-form", "nobody")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(401, answers[0].content)}


def test_former_secret_is_good_until_it_is_ended(signed: Source) -> None:
    fresh = sources.add_secret(signed, by="test", at=NOON)
    assert send_signed(PAID).status_code == send_signed(PAID, message_id="m2", secret=fresh).status_code == 200
    sources.end_former_secret(signed, by="test", at=NOON)
    assert send_signed(PAID, message_id="m3").status_code == 401
    assert send_signed(PAID, message_id="m4", secret=fresh).status_code == 200


def test_secret_is_sealed_and_in_no_entry_of_the_log(signed: Source) -> None:
    assert SECRET not in signed.signing
    assert not any(SECRET in str(entry.detail) for entry in AuditEntry.objects.all())


@pytest.mark.parametrize("secret", ["whsec_", "whsec_%%%", "c2VjcmV0", "whsec_" + "QUJD", "whsec_" + "QUJD" * 40])
def test_secret_that_is_none_is_refused(source: Source, secret: str) -> None:
    with pytest.raises(ValidationError, match="whsec_"):
        sources.add_secret(source, by="test", at=NOON, secret=secret)


@pytest.mark.parametrize("scheme", ["basic", "bearer"])
def test_write_key_opens_a_source_that_does_not_sign(source: Source, scheme: str) -> None:
    key = basic(source.write_key) if scheme == "basic" else f"Bearer {source.write_key}"
    assert send(PAID, Authorization=key).status_code == 200


@pytest.mark.requirement("A2")
def test_cloud_event_in_each_of_its_three_modes(source: Source) -> None:
    key = {"Authorization": basic(source.write_key)}
    assert send(CLOUD, kind="application/cloudevents+json; charset=utf-8", **key).status_code == 200
    binary = {"ce-specversion": "1.0", "ce-id": "A-2", "ce-source": "/shop", "ce-type": "Order Paid"}
    assert send({"email": "b@example.com"}, **key, **binary).status_code == 200
    batch = [CLOUD | {"id": "A-3"}, CLOUD | {"id": "A-4"}, CLOUD]
    assert send(batch, kind="application/cloudevents-batch+json", **key).status_code == 200
    ids = InboundEvent.objects.order_by("message_id").values_list("message_id", flat=True)
    assert list(ids) == ["/shop A-1", "/shop A-2", "/shop A-3", "/shop A-4"]


def test_one_bad_event_of_a_batch_costs_its_neighbours_nothing(source: Source) -> None:
    batch = [CLOUD, CLOUD | {"id": ""}, CLOUD | {"id": "A-3", "data": {}}]
    answer = send(batch, kind="application/cloudevents-batch+json", Authorization=basic(source.write_key))
    assert (answer.status_code, said(answer)["accepted"]) == (400, 1)
    assert [refused["index"] for refused in said(answer)["refused"]] == [1, 2]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b'{"type": NaN}', b'{"type": "x"}', b'{"a":1,"a":2}'])
def test_body_that_says_nothing_is_refused(source: Source, body: bytes) -> None:
    assert send(body, Authorization=basic(source.write_key)).status_code == 400


def test_delivery_is_agreed_to_when_cloud_events_asks() -> None:
    answer = Client().options("/ingest/web-form/", headers={"WebHook-Request-Origin": "shop.example.com"})
    assert (answer.status_code, answer["WebHook-Allowed-Origin"]) == (204, "shop.example.com")
    assert Client().get("/ingest/web-form/").status_code == 405


def test_places_and_names_of_a_source_are_followed(source: Source) -> None:
    reading = {"event": ["action"], "email": ["contact.mail"], "names": {"paid": "Order Paid"}}
    sources.change(source, by="test", at=NOON, reading=reading)
    body = {"action": "paid", "contact": {"mail": "ana@example.com"}}
    assert send(body, Authorization=basic(source.write_key)).status_code == 200
    assert InboundEvent.objects.get().name == "Order Paid"
