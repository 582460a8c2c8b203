"""Every definition is written in one way: checked, by its owner, versioned, in the history and in the audit log."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from martechops.audit.models import AuditEntry
from martechops.people.models import Team, User
from martechops.people.permissions import NotAllowed
from workflows.actions import definitions
from workflows.models import DefinitionVersion, EventType, Field, Mapping, MessageTemplate, StageOwnership
from workflows.queries import documents

from .conftest import AT

LATER = AT + timedelta(hours=1)


@pytest.mark.requirement("G4")
def test_a_change_leaves_a_version_a_history_row_and_an_audit_entry(ana: User) -> None:
    mapping = Mapping.objects.get(key="demo-form-to-crm")
    mapping.rows = [*mapping.rows, {"from": "contact.phone", "to": "phone"}]
    definitions.save(mapping, by=ana, at=LATER, note="Sales calls people", expected=1)

    newest, first = documents.versions_of(mapping)
    assert (newest.number, newest.author, newest.note) == (2, ana, "Sales calls people")
    assert newest.content["rows"][-1] == {"from": "contact.phone", "to": "phone"}
    assert first.digest != newest.digest
    assert mapping.history.first().history_user == ana
    entry = AuditEntry.objects.order_by("-number").first()
    assert (entry.action, entry.object_key, entry.actor) == ("mapping.change", "demo-form-to-crm", "ana")
    assert entry.detail["changes"] == ["Row phone added"]


def test_saving_the_same_again_makes_no_version(ana: User) -> None:
    mapping = Mapping.objects.get(key="demo-form-to-crm")
    definitions.save(mapping, by=ana, at=LATER)
    assert documents.latest_number(mapping) == 1


def test_every_definition_of_the_demo_has_a_version_with_its_document(demo: None) -> None:
    for kind in documents.KINDS.values():
        for row in kind.model._default_manager.all():
            newest = documents.versions_of(row).get()
            assert newest.content == documents.document_of(row)
            assert newest.key == documents.key_of(row)


def test_consumers_of_an_event_are_part_of_its_version(demo: None) -> None:
    event = EventType.objects.get(name="Demo Requested")
    version = documents.versions_of(event).get()
    assert version.content["consumers"] == ["analytics", "sales-ops"]


@pytest.mark.requirement("I1")
@pytest.mark.parametrize("who", ["ben", "sal", "cy"])
def test_people_of_other_teams_change_nothing(who: str, ana: User, cy: User) -> None:
    field = Field.objects.get(key="first_name")
    field.label = "Given name"
    with pytest.raises(NotAllowed):
        definitions.save(field, by=User.objects.get(username=who), at=LATER)
    assert Field.objects.get(key="first_name").label == "First name"


@pytest.mark.requirement("I1")
def test_nobody_takes_a_definition_from_another_team_or_gives_theirs_away(ana: User) -> None:
    taken = Field.objects.get(key="company_size")
    taken.owner = Team.objects.get(key="marketing-ops")
    given = Field.objects.get(key="company")
    given.owner = Team.objects.get(key="sales-ops")
    for field in (taken, given):
        with pytest.raises(NotAllowed):
            definitions.save(field, by=ana, at=LATER)


def test_a_change_of_what_somebody_else_changed_meanwhile_shows_both_texts(ana: User) -> None:
    first, second = Field.objects.get(key="company"), Field.objects.get(key="company")
    first.label, second.label = "Firm", "Organisation"
    definitions.save(first, by=ana, at=LATER, expected=1)
    with pytest.raises(definitions.Conflict) as caught:
        definitions.save(second, by=ana, at=LATER, expected=1)
    assert (caught.value.theirs["label"], caught.value.yours["label"]) == ("Firm", "Organisation")
    assert caught.value.number == 2
    assert caught.value.differences == ["Label changed from Firm to Organisation"]


@pytest.mark.requirement("I3")
def test_a_frozen_definition_changes_for_nobody_until_an_admin_thaws_it_with_a_reason(ana: User, admin: User) -> None:
    field = Field.objects.get(key="company")
    definitions.set_status(field, to="frozen", by=ana, at=LATER)
    field.refresh_from_db()
    field.label = "Firm"
    for by in (ana, admin, "demo"):
        with pytest.raises(definitions.Frozen):
            definitions.save(field, by=by, at=LATER)
    with pytest.raises(NotAllowed):
        definitions.set_status(field, to="agreed", by=ana, at=LATER, note="I need to")
    with pytest.raises(ValidationError):
        definitions.set_status(field, to="agreed", by=admin, at=LATER, note=" ")
    definitions.set_status(field, to="agreed", by=admin, at=LATER, note="Sales renamed it")
    definitions.save(Field.objects.get(key="company"), by=ana, at=LATER)
    statuses = [version.content["status"] for version in documents.versions_of(field)]
    assert statuses == ["agreed", "frozen", "agreed"]


@pytest.mark.requirement("I3")
@pytest.mark.parametrize(("old", "new"), [("draft", "frozen"), ("draft", "draft"), ("frozen", "draft")])
def test_a_status_does_not_jump(old: str, new: str, ana: User) -> None:
    field = Field.objects.get(key="company")
    Field.objects.filter(pk=field.pk).update(status=old)
    with pytest.raises(definitions.WrongStatus):
        definitions.set_status(field, to=new, by=ana, at=LATER, note="why not")


def test_a_status_is_not_changed_in_passing(ana: User) -> None:
    field = Field.objects.get(key="company")
    field.status = "frozen"
    with pytest.raises(definitions.WrongStatus):
        definitions.save(field, by=ana, at=LATER)


@pytest.mark.requirement("G4")
def test_a_former_version_can_be_restored_and_keeps_the_status_of_today(ben: User) -> None:
    template = MessageTemplate.objects.get(key="demo-welcome")
    subject = template.subject
    template.subject = "Welcome"
    definitions.save(template, by=ben, at=LATER)
    first = documents.versions_of(template).get(number=1)
    restored = definitions.restore(first, by=ben, at=LATER)
    assert isinstance(restored, MessageTemplate)
    assert (restored.subject, restored.status) == (subject, "agreed")
    assert documents.versions_of(template).first().note == "Version 1 restored"


@pytest.mark.parametrize(
    ("model", "key", "attribute", "value"),
    [
        (Mapping, {"key": "demo-form-to-crm"}, "rows", [{"to": "email"}]),
        (MessageTemplate, {"key": "demo-welcome"}, "body", "{% if %}"),
        (Field, {"key": "company"}, "written_in", ["somewhere"]),
        (EventType, {"name": "Unsubscribed"}, "schema", {"type": "nonsense"}),
    ],
)
def test_what_cannot_work_is_refused_with_the_place(
    admin: User, model: type, key: dict[str, str], attribute: str, value: object
) -> None:
    row = model.objects.get(**key)
    setattr(row, attribute, value)
    with pytest.raises(ValidationError) as caught:
        definitions.save(row, by=admin, at=LATER)
    assert attribute in caught.value.message_dict
    assert DefinitionVersion.objects.filter(number=2).count() == 0


@pytest.mark.requirement("I1")
@pytest.mark.requirement("G1")
def test_a_stage_is_changed_by_those_who_answer_for_it_and_in_their_window(ben: User, ana: User, admin: User) -> None:
    StageOwnership.objects.filter(stage="engage").delete()
    StageOwnership.objects.create(
        stage="engage",
        team=Team.objects.get(key="email-team"),
        window={"days": "mon-thu", "from": "09:00", "to": "17:00", "timezone": "UTC"},
    )
    template = MessageTemplate.objects.get(key="demo-welcome")
    template.subject = "Welcome"
    saturday = AT + timedelta(days=5)
    with pytest.raises(definitions.OutsideWindow, match="mon-thu 09:00 to 17:00"):
        definitions.save(template, by=ben, at=saturday)
    definitions.save(template, by=ben, at=LATER)
    template.subject = "Welcome!"
    definitions.save(template, by=admin, at=saturday)  # the way out when something burns

    handed = MessageTemplate.objects.get(key="demo-welcome")
    MessageTemplate.objects.filter(pk=handed.pk).update(owner=Team.objects.get(key="marketing-ops"))
    handed.refresh_from_db()
    handed.subject = "Hello"
    with pytest.raises(definitions.OutsideWindow, match="Engage belongs to email-team"):
        definitions.save(handed, by=ana, at=LATER)


@pytest.mark.requirement("I1")
def test_the_admin_writes_a_definition_as_every_other_way_does(client: Client, sal: User, admin: User) -> None:
    """Versions, the log once, no status in passing, and nothing where it is frozen or another team's."""
    client.force_login(sal)
    own = MessageTemplate.objects.get(key="demo-welcome")
    page = f"/admin/workflows/messagetemplate/{own.pk}/change/"
    said = {
        "name": "Hello",
        "channel": "email",
        "owner": own.owner_id,
        "subject": "Hi",
        "body": "Hi",
        "status": "frozen",
    }
    assert client.post(page, said).status_code == 403
    client.force_login(admin)
    assert client.post(page, said).status_code == 302
    own.refresh_from_db()
    assert (own.subject, own.status) == ("Hi", "agreed")
    assert documents.latest_number(own) == 2
    assert AuditEntry.objects.filter(object_key="demo-welcome", actor="admin").count() == 1
    MessageTemplate.objects.filter(pk=own.pk).update(status="frozen")
    assert client.post(page, said | {"subject": "Bye"}).status_code == 200
    assert client.post(page.replace("change", "delete"), {"post": "yes"}).status_code == 403
    own.refresh_from_db()
    assert own.subject == "Hi"
