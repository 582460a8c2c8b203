"""A definition can be made, changed, compared, restored, agreed and found in the browser."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from martechops.audit.models import AuditEntry
from martechops.people.models import Team, User
from workflows.actions import definitions
from workflows.models import ChangeRequest, Contact, Field, LifecycleStage, MessageTemplate, StageOwnership
from workflows.queries import documents

from .conftest import AT

Browse = Callable[[str], Client]


@pytest.fixture
def browse(demo: None) -> Browse:
    def browse(who: str) -> Client:
        client = Client()
        client.force_login(User.objects.get(username=who))
        return client

    return browse


def words(answer: object) -> str:
    body = re.sub(r"<(title|svg|script|head)\b.*?</\1>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def filled(client: Client, address: str, **changes: object) -> dict[str, object]:
    """What the browser would send from the form as it is, with some fields filled in anew."""
    form = client.get(address).context["form"]
    sent = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in sent.items() if value not in (None, False)}
    return sent | {"expected": client.get(address).context["expected"]} | changes


def as_rows(name: str, *values: str) -> dict[str, str]:
    """A list of texts as the rows of its editor send it."""
    return {
        key: text
        for at, value in enumerate(values)
        for key, text in ((f"{name}.{at}.row", ""), (f"{name}.{at}.value", value))
    }


@pytest.mark.requirement("G4")
def test_a_field_is_made_changed_compared_agreed_and_restored(browse: Browse) -> None:
    ana = browse("ana")
    owner = Team.objects.get(key="marketing-ops").pk
    system = Field.objects.get(key="company").system_of_record_id
    made = ana.post(
        "/vocabulary/field/new/",
        {
            "key": "industry",
            "label": "Industry",
            "type": "picklist",
            **as_rows("allowed_values", "Retail", "Finance"),
            "owner": owner,
            "system_of_record": system,
            "written_in": ["enrich"],
            "note": "Sales asked",
            "expected": 0,
        },
    )
    field = Field.objects.get(key="industry")
    address = f"/vocabulary/field/{field.pk}/"
    assert made["Location"] == address
    assert (field.allowed_values, field.written_in, field.status) == (["Retail", "Finance"], ["enrich"], "draft")

    ana.post(
        address + "edit/", filled(ana, address + "edit/") | as_rows("allowed_values", "Retail", "Finance", "Health")
    )
    ana.post(address + "status/", {"to": "agreed"})
    page = words(ana.get(address))
    for said in ("Value Health added", "Status changed from draft to agreed", "Version 3", "Sales asked", "Agreed"):
        assert said in page, said

    ana.post(address + "restore/", {"number": 1})
    field.refresh_from_db()
    assert (field.allowed_values, field.status) == (["Retail", "Finance"], "agreed")
    actions = AuditEntry.objects.filter(object_key="industry").order_by("number").values_list("action", flat=True)
    assert list(actions) == ["field.add", "field.change", "field.status", "field.change"]


@pytest.mark.requirement("I2")
def test_a_change_says_what_it_touches_before_it_is_saved(browse: Browse) -> None:
    ana = browse("ana")
    field = Field.objects.get(key="company")
    address = f"/vocabulary/field/{field.pk}/edit/"
    sent = filled(ana, address, label="Organisation")
    asked = ana.post(address, sent)
    page = words(asked)
    assert "Label changed from Company to Organisation" in page
    assert "Mapping Demo form to CRM rows[3].from" in page
    assert Field.objects.get(key="company").label == "Company"
    assert ana.post(address, sent | {"confirmed": 1}).status_code == 302
    assert Field.objects.get(key="company").label == "Organisation"


def test_somebody_who_comes_second_sees_both_texts(browse: Browse) -> None:
    ana = browse("ana")
    field = Field.objects.get(key="company")
    address = f"/vocabulary/field/{field.pk}/edit/"
    sent = filled(ana, address, label="Organisation", confirmed=1)
    field.label = "Firm"
    definitions.save(field, by="demo", at=AT)
    page = words(ana.post(address, sent))
    assert "Somebody else has changed it meanwhile" in page
    assert "Label changed from Firm to Organisation" in page
    assert Field.objects.get(key="company").label == "Firm"


@pytest.mark.parametrize(("who", "status"), [("ben", 403), ("ida", 403), ("sal", 403), ("ana", 200)])
def test_only_the_owners_people_edit(browse: Browse, who: str, status: int) -> None:
    field = Field.objects.get(key="company")
    assert browse(who).get(f"/vocabulary/field/{field.pk}/edit/").status_code == status


def test_what_cannot_work_is_said_beside_its_field(browse: Browse) -> None:
    ben = browse("ben")
    template = MessageTemplate.objects.get(key="demo-welcome")
    address = f"/vocabulary/template/{template.pk}/edit/"
    answer = ben.post(address, filled(ben, address, body="{% if %}", confirmed=1))
    assert answer.status_code == 422
    assert "body" in answer.context["form"].errors
    assert documents.latest_number(template) == 1


@pytest.mark.requirement("C8")
def test_the_owner_sees_a_request_on_today_and_decides_it_on_its_page(browse: Browse) -> None:
    contact = Contact.objects.create(email="lea@example.com", created_at=AT, updated_at=AT)
    stage = Field.objects.get(key="lifecycle_stage")
    request = ChangeRequest.objects.create(
        contact_id=contact.pk,
        field="lifecycle_stage",
        value="sql",
        owner=stage.owner,
        requested_by="web-form",
        because="web-form may not write lifecycle_stage: it is maintained in crm",
        requested_at=AT,
    )
    sal, ana = browse("sal"), browse("ana")
    assert "1 change request to decide" in words(sal.get("/"))
    assert "is maintained in crm" in words(sal.get("/vocabulary/requests/"))
    address = f"/vocabulary/requests/{request.pk}/decide/"
    assert ana.post(address, {"decision": "apply"}).status_code == 403
    sal.post(address, {"decision": "refuse", "reason": ""})
    request.refresh_from_db()
    assert request.state == "requested"
    sal.post(address, {"decision": "apply"})
    contact.refresh_from_db()
    assert contact.lifecycle_stage == "sql"


@pytest.mark.requirement("G1")
def test_the_matrix_shows_duties_and_only_an_admin_changes_it(browse: Browse) -> None:
    page = words(browse("ida").get("/vocabulary/ownership/"))
    assert "Integrations and field mappings" in page
    assert "mon-fri 08:00 to 18:00 (Europe/Berlin)" in page
    sent = {"stage": "engage", "team": "analytics", "duty": "Testing", "days": "mon", "from": "09:00"}
    assert browse("ana").post("/vocabulary/ownership/", sent).status_code == 403
    admin = browse("admin")
    admin.post("/vocabulary/ownership/", sent)
    row = StageOwnership.objects.get(stage="engage", team__key="analytics")
    assert row.window == {"days": "mon", "from": "09:00"}
    admin.post("/vocabulary/ownership/", sent | {"days": "someday"})
    row.refresh_from_db()
    assert row.window["days"] == "mon"
    admin.post("/vocabulary/ownership/", sent | {"remove": 1})
    assert not StageOwnership.objects.filter(stage="engage", team__key="analytics").exists()


@pytest.mark.requirement("I2")
def test_a_rename_shows_all_it_touches_with_numbers_and_is_done_when_confirmed(browse: Browse) -> None:
    sal = browse("sal")
    stage = LifecycleStage.objects.get(key="customer")
    Contact.objects.create(email="lea@example.com", lifecycle_stage="customer", created_at=AT, updated_at=AT)
    address = f"/vocabulary/stage/{stage.pk}/rename/"
    page = words(sal.post(address, {"old": "customer", "new": "client"}))
    for said in ("Event type Purchase Completed stage_effect", "step count-conversion", "Contacts 1"):
        assert said in page, said
    assert LifecycleStage.objects.filter(key="customer").exists()
    assert "is there already" in words(sal.post(address, {"old": "customer", "new": "lead", "confirmed": 1}))
    assert sal.post(address, {"old": "customer", "new": "client", "confirmed": 1}).status_code == 302
    assert Contact.objects.get().lifecycle_stage == "client"
    assert "customer means client" in words(sal.get(address))
    assert browse("ana").get(address).status_code == 403


def test_pages_ask_the_database_few_questions(browse: Browse, django_assert_max_num_queries: Callable) -> None:
    ana = browse("ana")
    field = Field.objects.get(key="company")
    for address in (
        "/vocabulary/",
        "/vocabulary/event-type/",
        f"/vocabulary/field/{field.pk}/",
        f"/vocabulary/field/{field.pk}/edit/",
        "/vocabulary/ownership/",
        "/vocabulary/requests/",
    ):
        with django_assert_max_num_queries(15, info=address):
            assert ana.get(address).status_code == 200
