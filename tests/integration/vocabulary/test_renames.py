"""After a rename nothing refers to the former name but by its alias, and whatever still says it goes on working."""

from datetime import timedelta

import pytest
from django.db.models import QuerySet
from django.test import Client

from martechops.audit.models import AuditEntry
from martechops.people.models import Team, User
from martechops.people.permissions import NotAllowed
from workflows import tasks
from workflows.actions import definitions, renames, versions
from workflows.actions import notices as notice_actions
from workflows.engine.references import references
from workflows.models import (
    Alias,
    Contact,
    EventType,
    Field,
    FieldChange,
    LifecycleStage,
    Mapping,
    MessageTemplate,
    Notice,
    QuarantinedEvent,
    Run,
    Segment,
    Version,
    Workflow,
)
from workflows.queries import documents, notices, uses

from .conftest import AT, Send


@pytest.fixture
def countries(demo: None) -> Field:
    """Country is a picklist that a segment, a message, a mapping and a draft of the live workflow refer to."""
    field = Field.objects.get(key="country")
    field.allowed_values = ["Germany", "France"]
    definitions.save(field, by="demo", at=AT)
    segment = Segment(
        key="dach",
        name="German-speaking",
        meaning="Who reads German.",
        owner=Team.objects.get(key="email-team"),
        when={"contact.country": {"$in": ["Germany"]}},
    )
    definitions.save(segment, by="demo", at=AT)
    template = MessageTemplate.objects.get(key="demo-welcome")
    template.body += "{% if contact.country == 'Germany' %}Guten Tag{% endif %}"
    definitions.save(template, by="demo", at=AT)
    mapping = Mapping.objects.get(key="web-form-to-contact")
    mapping.rows = [
        row | {"type": "picklist", "allowed": ["Germany", "France"]} if row["to"] == "country" else row
        for row in mapping.rows
    ]
    definitions.save(mapping, by="demo", at=AT)
    return field


def left(kind: str, old: str) -> list[str]:
    """Places of definitions, sources, drafts and live versions that still say the former name."""
    return [use.label for use in uses.of(kind, old)]


def nurtured() -> QuerySet[Run]:
    """Runs of the nurture workflow, which waits for a meeting."""
    return Run.objects.filter(workflow_id=Workflow.objects.get(key="demo-request-nurture").pk)


@pytest.mark.requirement("I2")
@pytest.mark.requirement("F2")
def test_an_event_is_renamed_everywhere_and_its_former_name_still_starts_the_live_workflow(
    send: Send, ana: User
) -> None:
    planned = renames.plan(kind="event-type", old="Demo Requested", new="Demo Asked For")
    assert "Workflow Demo request to nurture, live v1" in {use.label for use in planned.uses}

    renames.apply(kind="event-type", old="Demo Requested", new="Demo Asked For", by=ana, at=AT)
    assert left("event-type", "Demo Requested") == []
    assert "Workflow Demo request to nurture, live v1" in left("event-type", "Demo Asked For")
    draft = Version.objects.get(workflow__key="demo-request-nurture", frozen_at=None)
    assert draft.content["trigger"]["event"] == "Demo Asked For"
    alias = Alias.objects.get()
    assert (alias.kind, alias.old, alias.new, alias.until) == ("event-type", "Demo Requested", "Demo Asked For", None)

    for number, name in enumerate(("Demo Requested", "Demo Asked For")):
        send(name, f"lead{number}@example.com", form_id="demo", first_name="Lea", marketing_consent=True)
    assert not QuarantinedEvent.objects.exists()
    assert nurtured().count() == 2
    assert set(Contact.objects.values_list("lifecycle_stage", flat=True)) == {"lead"}


def test_a_run_that_waits_for_the_former_name_is_woken_by_either(send: Send, sal: User) -> None:
    for email in ("lea@example.com", "max@example.com"):
        send("Demo Requested", email, form_id="demo", first_name="Lea", marketing_consent=True, company_size=300)
    assert set(nurtured().values_list("waits_for", flat=True)) == {"Meeting Booked"}
    renames.apply(kind="event-type", old="Meeting Booked", new="Meeting Agreed", by=sal, at=AT)
    send("Meeting Booked", "lea@example.com")
    send("Meeting Agreed", "max@example.com")
    assert set(nurtured().values_list("state", flat=True)) == {"done"}


@pytest.mark.requirement("I2")
def test_a_value_is_renamed_in_definitions_and_contacts_and_its_former_spelling_is_understood(
    send: Send, countries: Field, ana: User
) -> None:
    for number in range(7):
        Contact.objects.create(
            email=f"c{number}@example.com", fields={"country": "Germany"}, created_at=AT, updated_at=AT
        )
    Contact.objects.create(email="f@example.com", fields={"country": "France"}, created_at=AT, updated_at=AT)
    planned = renames.plan(kind="value:country", old="Germany", new="Deutschland")
    assert (planned.contacts, planned.holders) == (7, 3)
    renames.apply(kind="value:country", old="Germany", new="Deutschland", by=ana, at=AT)

    assert left("value:country", "Germany") == []
    assert Segment.objects.get(key="dach").when == {"contact.country": {"$in": ["Deutschland"]}}
    assert "== 'Deutschland'" in MessageTemplate.objects.get(key="demo-welcome").body
    countries.refresh_from_db()
    assert countries.allowed_values == ["Deutschland", "France"]
    assert Contact.objects.filter(fields__country="Deutschland").count() == 7
    assert FieldChange.objects.filter(field="country", writer="rename by ana").count() == 7

    send("Demo Requested", "new@example.com", form_id="demo", country="Germany")
    assert Contact.objects.get(email="new@example.com").fields["country"] == "Deutschland"
    assert not QuarantinedEvent.objects.exists()


def test_contacts_are_renamed_in_batches(countries: Field, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renames, "BATCH", 3)
    Contact.objects.bulk_create(
        Contact(email=f"c{n}@example.com", fields={"country": "Germany"}, created_at=AT, updated_at=AT)
        for n in range(7)
    )
    renames.apply(kind="value:country", old="Germany", new="Deutschland", by=ana, at=AT)
    assert Contact.objects.filter(fields__country="Germany").count() == 4
    assert [(one.done, one.contacts) for one in notices.renames_under_way("value:country")] == [(3, 7)]
    # Whatever stopped it: the sweep goes on.
    assert [renames.go_on(at=AT) for _ in range(3)] == [3, 1, 0]
    assert not Contact.objects.filter(fields__country="Germany").exists()
    assert FieldChange.objects.filter(field="country", writer="rename by ana").count() == 7


def test_a_batch_that_fails_leaves_the_rest_to_the_sweep(
    countries: Field, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    Contact.objects.create(email="c@example.com", fields={"country": "Germany"}, created_at=AT, updated_at=AT)
    with monkeypatch.context() as broken:
        broken.setattr(renames, "_rewrite", dict.popitem)
        with pytest.raises(TypeError):
            renames.apply(kind="value:country", old="Germany", new="Deutschland", by=ana, at=AT)
    assert Alias.objects.filter(old="Germany", until=None).exists()
    tasks.renames_task()
    assert Contact.objects.get().fields["country"] == "Deutschland"


def test_a_value_that_was_on_its_way_in_is_renamed_too_and_then_it_is_over(countries: Field, ana: User) -> None:
    renames.apply(kind="value:country", old="Germany", new="Deutschland", by=ana, at=AT)
    Contact.objects.create(email="late@example.com", fields={"country": "Germany"}, created_at=AT, updated_at=AT)
    assert renames.go_on(at=AT + timedelta(seconds=30)) == 1
    assert renames.go_on(at=AT + timedelta(seconds=40)) == 0
    assert notices.renames_under_way("value:country") != []
    renames.go_on(at=AT + timedelta(seconds=61))
    assert notices.renames_under_way("value:country") == []


def test_a_rename_that_is_overtaken_by_another_leads_to_the_newest_name(
    countries: Field, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renames, "BATCH", 1)
    Contact.objects.bulk_create(
        Contact(email=f"c{n}@example.com", fields={"country": "Germany"}, created_at=AT, updated_at=AT)
        for n in range(3)
    )
    for old, new in (("Germany", "Deutschland"), ("Deutschland", "Allemagne"), ("Allemagne", "Germany")):
        renames.apply(kind="value:country", old=old, new=new, by=ana, at=AT)
    while renames.go_on(at=AT):
        pass
    assert set(Contact.objects.values_list("fields__country", flat=True)) == {"Germany"}


@pytest.mark.requirement("I2")
def test_owners_of_what_is_touched_are_listed_before_and_told_after(countries: Field, ana: User, ben: User) -> None:
    planned = renames.plan(kind="value:country", old="Germany", new="Deutschland")
    assert planned.by_owner["email-team"][-1] == "Segment German-speaking"
    renames.apply(kind="value:country", old="Germany", new="Deutschland", by=ana, at=AT)
    told = Notice.objects.filter(owner__key="email-team")
    assert sorted(told.values_list("label", "says")) == [
        ("Message template Welcome after a demo request", "Germany is called Deutschland now"),
        ("Segment German-speaking", "Germany is called Deutschland now"),
    ]
    assert not Notice.objects.filter(owner__in=ana.teams.all()).exists()
    browser = Client()
    browser.force_login(ben)
    assert "The newest of 2 notices" in browser.get("/").content.decode()
    assert "Segment German-speaking" in browser.get("/vocabulary/notices/").content.decode()
    for notice in told:
        assert browser.post(f"/vocabulary/notices/{notice.pk}/seen/").status_code == 302
    assert "is called Deutschland now" not in browser.get("/").content.decode()
    assert set(told.values_list("seen_by__username", flat=True)) == {"ben"}


def test_a_notice_is_put_away_by_its_team_alone(countries: Field, ana: User) -> None:
    renames.apply(kind="value:country", old="Germany", new="Deutschland", by=ana, at=AT)
    with pytest.raises(NotAllowed):
        notice_actions.see(notice=Notice.objects.filter(owner__key="email-team")[0], by=ana, at=AT)


@pytest.mark.requirement("I2")
def test_a_stage_is_renamed_and_the_live_workflow_still_means_it(send: Send, sal: User) -> None:
    renames.apply(kind="stage", old="mql", new="qualified", by=sal, at=AT)
    assert left("stage", "mql") == []
    send("Demo Requested", form_id="demo", first_name="Lea", marketing_consent=True, company_size=300)
    assert Contact.objects.get().lifecycle_stage == "qualified"


def test_every_version_that_a_rename_makes_says_so_and_the_audit_log_has_the_whole(sal: User) -> None:
    renames.apply(kind="stage", old="customer", new="client", by=sal, at=AT)
    stage, event = LifecycleStage.objects.get(key="client"), EventType.objects.get(name="Purchase Completed")
    for row in (stage, event):
        assert documents.versions_of(row).first().note == "customer is called client now"
    entry = AuditEntry.objects.filter(action="rename.apply").get()
    assert (entry.object_key, entry.detail["new"], entry.actor) == ("customer", "client", "sal")


def test_documents_of_all_definitions_say_the_new_name_only(sal: User) -> None:
    renames.apply(kind="stage", old="customer", new="client", by=sal, at=AT)
    said = {
        (ref.kind, ref.key)
        for kind in documents.KINDS.values()
        for row in kind.model._default_manager.all()
        for ref in references(documents.document_of(row))
    }
    assert ("stage", "client") in said
    assert ("stage", "customer") not in said


def test_renaming_twice_and_back_leads_every_former_name_to_the_present_one(sal: User) -> None:
    for old, new in (("customer", "client"), ("client", "buyer"), ("buyer", "customer")):
        renames.apply(kind="stage", old=old, new=new, by=sal, at=AT)
    live = set(Alias.objects.filter(until=None).values_list("old", "new"))
    assert live == {("client", "customer"), ("buyer", "customer")}


def test_a_draft_in_progress_gets_the_new_name_and_keeps_the_rest(ana: User) -> None:
    workflow = Workflow.objects.get(key="demo-request-nurture")
    content = workflow.versions.get().content | {"name": "Work in progress"}
    versions.draft(workflow=workflow, content=content, by=ana, at=AT)
    renames.apply(kind="event-type", old="Demo Requested", new="Demo Asked For", by=ana, at=AT)
    draft = workflow.versions.get(frozen_at=None)
    assert (draft.content["name"], draft.content["trigger"]["event"]) == ("Work in progress", "Demo Asked For")


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("stage", "customer", "lead"),
        ("stage", "nowhere", "somewhere"),
        ("stage", "customer", " "),
        ("event-type", "Unsubscribed", "Resubscribed"),
        ("value:country", "Atlantis", "Utopia"),
    ],
)
def test_what_cannot_be_renamed_is_said(admin: User, kind: str, old: str, new: str) -> None:
    with pytest.raises(renames.CannotRename):
        renames.apply(kind=kind, old=old, new=new, by=admin, at=AT)


def test_a_name_is_changed_by_its_owner_alone(ana: User) -> None:
    with pytest.raises(NotAllowed):
        renames.apply(kind="stage", old="customer", new="client", by=ana, at=AT)
    assert not Alias.objects.exists()
