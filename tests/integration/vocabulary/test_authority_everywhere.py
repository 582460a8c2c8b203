"""One table: whoever writes a field, and by whatever way, the field's authority answers the same."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.actions import rollouts
from martechops.people.actions import tokens
from martechops.people.models import Team, User
from martechops.sandbox import crm
from workflows.actions import contact_fields, definitions, inbound, sources, versions, workflows
from workflows.models import ChangeRequest, Contact, ContactKey, Field, FieldChange, Mapping, Poll, Source, System
from workflows.runtime import polling
from workflows.runtime.advance import advance

from .conftest import AT

EMAIL = "lea@example.com"
LATER = AT + timedelta(hours=1)
A, R, NO = "applied", "requested", "refused"
#: field → system of record, owner, stages that may write it, status.
FIELDS = {
    "ours": ("web-form", "marketing-ops", ["enrich"], "agreed"),
    "theirs": ("crm", "sales-ops", ["measure"], "agreed"),
    "closed": ("crm", "sales-ops", ["measure"], "frozen"),
}
#: By which way, and who → what becomes of a value of each field. Ana is of marketing-ops, sal of sales-ops, ben of
#: neither; ida only looks.
TABLE: dict[tuple[str, str], tuple[str, str, str]] = {
    ("page", "ana"): (A, R, NO),
    ("page", "sal"): (R, A, NO),
    ("page", "ben"): (R, R, NO),
    ("page", "admin"): (A, A, NO),
    ("page", "ida"): (NO, NO, NO),
    ("interface", "ana"): (A, R, NO),
    ("interface", "sal"): (R, A, NO),
    ("interface", "admin"): (A, A, NO),
    ("interface", "system web-form"): (A, R, NO),
    ("interface", "system crm"): (R, A, A),
    ("admin", "admin"): (NO, NO, NO),
    ("step", "enrich"): (A, R, NO),
    ("step", "measure"): (R, A, NO),
    ("step", "engage"): (R, R, NO),
    ("event", "web-form"): (A, R, NO),
    ("event", "crm"): (R, A, A),
    ("connector", "crm"): (R, A, A),
    ("connector", "web-form"): (A, R, NO),
    ("connector", "nowhere"): (R, R, NO),
}
CASES = [
    pytest.param(way, who, field, state, id=f"{way}-{who}-{field}".replace(" ", "-"))
    for (way, who), states in TABLE.items()
    for field, state in zip(FIELDS, states, strict=True)
]


@pytest.fixture
def lea(demo: None) -> Contact:
    for key, (system, owner, stages, status) in FIELDS.items():
        Field.objects.create(
            key=key,
            label=key.capitalize(),
            type="text",
            system_of_record=System.objects.get(key=system),
            owner=Team.objects.get(key=owner),
            written_in=stages,
            status=status,
        )
    contact = Contact.objects.create(email=EMAIL, fields={}, created_at=AT, updated_at=AT)
    ContactKey.objects.create(key=f"email:{EMAIL}", contact_id=contact.pk)
    return contact


def by_page(client: Client, lea: Contact, who: str, field: str) -> None:
    client.force_login(User.objects.get(username=who))
    client.post(f"/contacts/{lea.pk}/fields/{field}/", {"value": "new"})


def by_interface(client: Client, lea: Contact, who: str, field: str) -> None:
    system = who.removeprefix("system ") if who.startswith("system ") else ""
    user = User.objects.get(username="admin" if system else who)
    _, text = tokens.create(user=user, scopes=["contacts:write"], by="tests", at=timezone.now(), system=system)
    client.patch(
        f"/api/v1/contacts/{lea.pk}",
        json.dumps({"values": {field: "new"}}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {text}"},
    )


def by_admin(client: Client, lea: Contact, who: str, field: str) -> None:
    client.force_login(User.objects.get(username=who))
    client.post(f"/admin/workflows/contact/{lea.pk}/change/", {"fields": json.dumps({field: "new"})})


def by_step(client: Client, lea: Contact, who: str, field: str) -> None:
    """A workflow that is live, with one step in a stage."""
    del client, lea
    step = {"key": "set", "stage": who, "action": "set_field", "with": {"field": field, "value": "new"}, "owner": "x"}
    content = {
        "key": "setter",
        "name": "Setter",
        "type": "quality",
        "owner": "marketing-ops",
        "trigger": {"event": "Meeting Booked"},
        "steps": [step],
    }
    owner = Team.objects.get(key="marketing-ops")
    draft = workflows.create(key="setter", name="Setter", type="quality", owner=owner, by="tests", at=AT)
    draft = versions.draft(workflow=draft.workflow, content=content, by="tests", at=AT)
    rollouts.switch_over(version=versions.freeze(version=draft, by="tests", at=AT), by="tests", at=AT)
    _receive({"type": "track", "event": "Meeting Booked", "userId": EMAIL, "properties": {"email": EMAIL}})


def by_event(client: Client, lea: Contact, who: str, field: str) -> None:
    """The mapping of a source that belongs to a system."""
    del client, lea
    mapping = Mapping.objects.get(key="web-form-to-contact")
    mapping.rows = [*mapping.rows, {"from": f"event.traits.{field}", "to": field, "type": "text"}]
    definitions.save(mapping, by="tests", at=AT)
    Source.objects.update(system=System.objects.get(key=who))
    _receive({"type": "identify", "userId": EMAIL, "traits": {"email": EMAIL, field: "new"}})


def by_connector(client: Client, lea: Contact, who: str, field: str) -> None:
    """What a far side tells when it is asked what changed there."""
    del client, lea
    system, _ = System.objects.get_or_create(
        key=who, defaults={"name": who, "kind": "crm", "owner": Team.objects.get(key="sales-ops")}
    )
    System.objects.filter(pk=system.pk).update(connector="sandbox_crm")
    source = sources.of_changes(system, at=AT)
    mapping = Mapping(key="all-of-it", name="All of it", owner=system.owner)
    mapping.rows = [{"from": f"event.traits.{field}", "to": field, "type": "text"}]
    sources.change(source, by="tests", at=AT, mapping=definitions.save(mapping, by="tests", at=AT))
    record, _ = crm.upsert_record(email=EMAIL, fields={})
    crm.edit_record(record_id=record.pk, values={field: "new"}, by="Noor", at=LATER)
    _poll(who)


def _poll(system: str) -> None:
    while polling.poll(system):
        pass
    while advance():
        pass


WAYS: dict[str, Callable[[Client, Contact, str, str], None]] = {
    "page": by_page,
    "interface": by_interface,
    "admin": by_admin,
    "step": by_step,
    "event": by_event,
    "connector": by_connector,
}


@pytest.mark.requirement("C6")
@pytest.mark.requirement("C7")
@pytest.mark.requirement("C8")
@pytest.mark.requirement("I1")
@pytest.mark.parametrize(("way", "who", "field", "state"), CASES)
def test_the_authority_of_a_field_holds_on_every_path(
    client: Client, lea: Contact, way: str, who: str, field: str, state: str
) -> None:
    WAYS[way](client, lea, who, field)
    lea.refresh_from_db()
    asked = list(ChangeRequest.objects.filter(field=field).values_list("value", "state"))
    changed = list(FieldChange.objects.filter(field=field).values_list("new", flat=True))
    assert lea.fields.get(field) == ("new" if state == A else None)
    assert changed == (["new"] if state == A else [])
    assert asked == ([("new", "requested")] if state == R else [])


def _receive(message: dict[str, object]) -> None:
    now = datetime.now(UTC)
    inbound.receive(
        source=Source.objects.get(key="demo-site"),
        messages=[message | {"messageId": "m-1", "timestamp": now.isoformat()}],
        received_at=now,
        sent_at=None,
    )
    while advance():
        pass


def test_a_page_says_what_will_come_of_a_change_and_keeps_what_was_typed(client: Client, lea: Contact) -> None:
    client.force_login(User.objects.get(username="ana"))
    listed = client.get(f"/contacts/{lea.pk}/fields/").content.decode()
    assert "Ask for it" in listed
    assert "Closed is frozen" in listed or "closed is frozen" in listed.lower()
    asked = client.get(f"/contacts/{lea.pk}/fields/theirs/").content.decode()
    assert "Another team decides" in asked
    wrong = client.post(f"/contacts/{lea.pk}/fields/company_size/", {"value": "many"})
    assert wrong.status_code == 422
    assert 'value="many"' in wrong.content.decode()
    assert "is not a number" in wrong.content.decode()


def test_a_page_that_was_opened_before_somebody_elses_change_writes_nothing(client: Client, lea: Contact) -> None:
    client.force_login(User.objects.get(username="ana"))
    seen = contact_fields.state_of(lea)
    by_interface(client, lea, "ana", "ours")
    answer = client.post(f"/contacts/{lea.pk}/fields/ours/", {"value": "mine", "expected": seen})
    assert answer.status_code == 422
    assert "Somebody else has written to this contact meanwhile" in answer.content.decode()
    lea.refresh_from_db()
    assert lea.fields["ours"] == "new"


def test_the_interface_writes_on_what_was_read(client: Client, lea: Contact) -> None:
    ana = User.objects.get(username="ana")
    _, text = tokens.create(user=ana, scopes=["contacts:read", "contacts:write"], by="tests", at=timezone.now())
    headers = {"Authorization": f"Bearer {text}"}
    address = f"/api/v1/contacts/{lea.pk}"
    etag = client.get(address, headers=headers)["ETag"]

    def patch(value: str, tag: str) -> int:
        body = json.dumps({"values": {"ours": value}})
        answer = client.patch(address, body, content_type="application/json", headers=headers | {"If-Match": tag})
        return answer.status_code

    assert patch("first", etag) == 200
    assert patch("second", etag) == 412
    assert patch("second", client.get(address, headers=headers)["ETag"]) == 200
    assert patch("third", "*") == 200


def test_a_system_tells_of_many_contacts_in_a_handful_of_queries(
    lea: Contact, django_assert_max_num_queries: Callable[..., AbstractContextManager[object]]
) -> None:
    by_connector(Client(), lea, "web-form", "ours")
    for number in range(50):
        record, _ = crm.upsert_record(email=f"c{number}@example.com", fields={})
        crm.edit_record(record_id=record.pk, values={"ours": "new", "theirs": "x"}, by="Noor", at=LATER)
    Poll.objects.update(next_at=AT)
    with django_assert_max_num_queries(130):
        _poll("web-form")
    assert FieldChange.objects.filter(field="ours", writer="web-form").count() == 51
