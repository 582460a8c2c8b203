"""The same verdict on every path a value can come by: token of a system, person, admin, page, step, connector."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from martechops.audit.models import AuditEntry
from martechops.people.actions import tokens, users
from martechops.people.models import Role, User
from martechops.people.permissions import NotAllowed
from workflows.actions import change_requests
from workflows.models import ChangeRequest, Contact, ContactKey, Field, FieldChange

from .conftest import AT

Patch = Callable[..., tuple[int, Any]]


@pytest.fixture
def lea(demo: None) -> Contact:
    contact = Contact.objects.create(
        email="lea@example.com", fields={"company": "Brightwater"}, created_at=AT, updated_at=AT
    )
    ContactKey.objects.create(key="email:lea@example.com", contact_id=contact.pk)
    return contact


@pytest.fixture
def patch(client: Client, lea: Contact, admin: User) -> Patch:
    def patch(who: str, **fields: Any) -> tuple[int, Any]:
        system = who.removeprefix("system ") if who.startswith("system ") else ""
        user = admin if system else User.objects.get(username=who)
        _, text = tokens.create(
            user=user, scopes=["contacts:write"], by=admin, at=timezone.now(), name=f"{who} {fields}", system=system
        )
        answer = client.patch(
            f"/api/v1/contacts/{lea.pk}",
            json.dumps({"values": fields}),
            content_type="application/json",
            headers={"Authorization": f"Bearer {text}"},
        )
        return answer.status_code, answer.json()

    return patch


@pytest.mark.requirement("C7")
@pytest.mark.requirement("C8")
@pytest.mark.requirement("I1")
@pytest.mark.parametrize(
    ("who", "field", "value", "status", "state"),
    [
        ("system web-form", "company", "Halcyon", 200, "applied"),
        ("system crm", "company", "Halcyon", 202, "requested"),
        ("system crm", "lifecycle_stage", "sql", 200, "applied"),
        ("system web-form", "lifecycle_stage", "sql", 202, "requested"),
        ("system web-form", "consent.email", "granted", 200, "applied"),
        ("system crm", "consent.email", "granted", 202, "requested"),
        ("system crm", "consent.email", "denied", 200, "applied"),
        ("system crm", "frozen", "x", 200, "applied"),
        ("system web-form", "frozen", "x", 403, "refused"),
        ("ana", "company", "Halcyon", 200, "applied"),
        ("ana", "lifecycle_stage", "sql", 202, "requested"),
        ("ana", "frozen", "x", 403, "refused"),
        ("ana", "company", "Brightwater", 200, "unchanged"),
        ("ben", "company", "Halcyon", 202, "requested"),
        ("sal", "lifecycle_stage", "sql", 200, "applied"),
        ("sal", "company", "Halcyon", 202, "requested"),
        ("admin", "company", "Halcyon", 200, "applied"),
        ("admin", "frozen", "x", 403, "refused"),
    ],
)
def test_interface_applies_requests_or_refuses(
    patch: Patch, lea: Contact, who: str, field: str, value: str, status: int, state: str
) -> None:
    company = Field.objects.get(key="company")
    crm = Field.objects.get(key="score").system_of_record
    Field.objects.create(
        key="frozen", label="Frozen", type="text", system_of_record=crm, owner=company.owner, status="frozen"
    )
    answered, body = patch(who, **{field: value})
    assert (answered, [one["state"] for one in body]) == (status, [state])
    lea.refresh_from_db()
    now = {**lea.fields, "lifecycle_stage": lea.lifecycle_stage} | {
        f"consent.{channel}": said["state"] for channel, said in lea.consent.items()
    }
    assert (now.get(field) == value) == (state in ("applied", "unchanged"))
    writer = who.removeprefix("system ")
    changes = list(FieldChange.objects.values_list("field", "new", "writer"))
    assert changes == ([(field, value, writer)] if state == "applied" else [])
    requests = list(ChangeRequest.objects.values_list("field", "value", "requested_by", "state"))
    assert requests == ([(field, value, writer, "requested")] if state == "requested" else [])


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("nowhere", "x", "is not in the field catalog"),
        ("email", "other@example.com", "is how the contact is recognised: it changes by an identify event"),
        ("company_size", "many", "'many' is not a number"),
        ("lifecycle_stage", "nowhere", "there is no stage nowhere"),
    ],
)
def test_a_value_that_no_field_can_hold_is_an_error(patch: Patch, field: str, value: str, says: str) -> None:
    status, body = patch("admin", **{field: value})
    assert status == 400
    assert body["errors"][0]["detail"] == says


def test_a_viewer_writes_nothing(client: Client, lea: Contact) -> None:
    ida = User.objects.get(username="ida")
    with pytest.raises(NotAllowed):
        tokens.create(user=ida, scopes=["contacts:write"], by="tests", at=timezone.now())


def test_only_an_admin_makes_a_token_that_speaks_for_a_system(ana: User) -> None:
    with pytest.raises(NotAllowed):
        tokens.create(user=ana, scopes=["contacts:write"], by=ana, at=timezone.now(), system="crm")


@pytest.mark.parametrize("who", [Role.OPERATOR, Role.ADMIN])
def test_the_admin_writes_no_contact(client: Client, lea: Contact, who: Role) -> None:
    client.force_login(users.add(username="op", password=None, roles=[who], by="tests", at=AT))
    assert client.get(f"/admin/workflows/contact/{lea.pk}/change/").status_code == 200
    assert client.post(f"/admin/workflows/contact/{lea.pk}/change/", {"lifecycle_stage": "sql"}).status_code == 403
    assert client.post("/admin/workflows/contact/add/", {"email": "x@example.com"}).status_code == 403
    lea.refresh_from_db()
    assert lea.lifecycle_stage is None


@pytest.mark.requirement("C8")
def test_the_owner_applies_a_request_and_the_history_names_who_decided(patch: Patch, lea: Contact, sal: User) -> None:
    patch("ana", lifecycle_stage="sql")
    request = ChangeRequest.objects.get()
    change_requests.apply(request=request, by=sal, at=AT + timedelta(hours=1))
    lea.refresh_from_db()
    request.refresh_from_db()
    assert (lea.lifecycle_stage, request.state, request.decided_by) == ("sql", "applied", sal)
    assert FieldChange.objects.get().writer == "sal"
    entry = AuditEntry.objects.order_by("-number").first()
    assert (entry.action, entry.actor, entry.detail["asked_by"]) == ("change-request.apply", "sal", "ana")
    with pytest.raises(change_requests.AlreadyDecided):
        change_requests.refuse(request=request, by=sal, at=AT, reason="too late")


@pytest.mark.requirement("C8")
def test_a_request_is_decided_by_the_owner_alone_and_refused_with_a_reason(
    patch: Patch, lea: Contact, ana: User, sal: User, cy: User
) -> None:
    patch("ana", lifecycle_stage="sql")
    request = ChangeRequest.objects.get()
    for stranger in (ana, cy):
        with pytest.raises(NotAllowed):
            change_requests.apply(request=request, by=stranger, at=AT)
    with pytest.raises(ValidationError):
        change_requests.refuse(request=request, by=sal, at=AT, reason="  ")
    change_requests.refuse(request=request, by=sal, at=AT, reason="No meeting yet")
    lea.refresh_from_db()
    request.refresh_from_db()
    assert (lea.lifecycle_stage, request.state, request.reason) == (None, "refused", "No meeting yet")


def test_a_request_for_a_field_that_was_frozen_meanwhile_cannot_be_applied(
    patch: Patch, lea: Contact, sal: User
) -> None:
    patch("ana", lifecycle_stage="sql")
    Field.objects.filter(key="lifecycle_stage").update(status="frozen")
    with pytest.raises(change_requests.CannotApply):
        change_requests.apply(request=ChangeRequest.objects.get(), by=sal, at=AT)
