"""Changes in the CRM come in as events: each once, under the field's authority, and never our own."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone
from standardwebhooks import Webhook

from martechops.people.models import Team
from martechops.sandbox import crm
from martechops.sandbox.models import CrmChange, CrmRecord
from workflows.actions import sources
from workflows.connectors import CONNECTORS
from workflows.connectors.base import Changes, Link, RecordChange, Refused, TryLater
from workflows.engine import record_changes
from workflows.models import (
    ChangeRequest,
    ConnectionHealth,
    Contact,
    Effect,
    EventType,
    FieldChange,
    InboundEvent,
    Poll,
    Run,
    Source,
    System,
    Trace,
)
from workflows.queries import polls
from workflows.runtime import polling
from workflows.runtime.deliver import deliver

from .conftest import settle

EMAIL = "lea@example.com"


@pytest.fixture
def lea(request_demo: Callable[..., str]) -> Contact:
    """Somebody whom a workflow has put into the CRM."""
    request_demo(EMAIL)
    settle()
    return Contact.objects.get(email=EMAIL)


def edit(**values: Any) -> CrmRecord:
    """A salesperson does it by hand."""
    record = CrmRecord.objects.get(email=EMAIL)
    return crm.edit_record(record_id=record.pk, values=values, by="Noor Haddad", at=timezone.now())


def ask() -> None:
    """What workers do until nothing is left to be told, and all of it is handled."""
    while polling.poll("crm"):
        pass
    settle()


def told() -> list[InboundEvent]:
    return list(InboundEvent.objects.filter(name=record_changes.NAME).order_by("pk"))


@pytest.mark.requirement("A2")
@pytest.mark.requirement("C7")
def test_status_that_sales_sets_by_hand_becomes_the_stage_of_the_contact(lea: Contact) -> None:
    edit(status="Working")
    ask()
    lea.refresh_from_db()
    assert lea.lifecycle_stage == "sql"
    change = FieldChange.objects.filter(contact_id=lea.pk, field="lifecycle_stage").latest("pk")
    (event,) = told()
    assert (change.writer, change.old, change.new, change.event_id) == ("crm", "mql", "sql", event.pk)
    properties = event.body["properties"]
    assert properties["changed_at"] == CrmChange.objects.latest("pk").at.isoformat()
    assert {name: properties[name] for name in ("object", "field", "from", "to", "by")} == {
        "object": "lead",
        "field": "status",
        "from": "Marketing qualified",
        "to": "Working",
        "by": "Noor Haddad",
    }


@pytest.mark.requirement("C8")
def test_field_that_the_crm_is_no_authority_on_becomes_a_request_to_its_owner(lea: Contact) -> None:
    edit(company="Brightwater GmbH", owner="Ira Sand")
    ask()
    lea.refresh_from_db()
    assert lea.fields["owner"] == "Ira Sand"
    assert lea.fields["company"] == "Brightwater"
    asked = ChangeRequest.objects.get(contact_id=lea.pk)
    assert (asked.field, asked.value, asked.requested_by, asked.state) == (
        "company",
        "Brightwater GmbH",
        "crm",
        "requested",
    )


def test_status_that_means_no_stage_is_noted_and_changes_nothing(lea: Contact) -> None:
    edit(status="On holiday")
    ask()
    lea.refresh_from_db()
    assert lea.lifecycle_stage == "mql"
    assert not ChangeRequest.objects.filter(contact_id=lea.pk).exists()
    trace = Trace.objects.get(event_id=told()[0].pk)
    assert trace.detail["refused"][0]["because"] == "On holiday is no stage, and no CRM status that means one"


def test_field_that_is_emptied_there_is_empty_here(lea: Contact) -> None:
    edit(owner="Ira Sand")
    ask()
    edit(owner="")
    ask()
    lea.refresh_from_db()
    assert lea.fields["owner"] is None


@pytest.mark.requirement("D8")
def test_our_own_write_coming_back_is_no_event(lea: Contact) -> None:
    assert CrmChange.objects.exclude(key=None).exists()
    ask()
    assert told() == []
    assert Poll.objects.get(pk="crm").own > 0


@pytest.mark.requirement("D8")
def test_being_told_the_same_again_stores_nothing_twice(lea: Contact) -> None:
    edit(status="Working", owner="Ira Sand")
    ask()
    before = InboundEvent.objects.count(), FieldChange.objects.count(), Poll.objects.get(pk="crm").brought
    Poll.objects.update(cursor="")
    ask()
    assert (InboundEvent.objects.count(), FieldChange.objects.count(), Poll.objects.get(pk="crm").brought) == before


@pytest.mark.requirement("A2")
def test_workflow_begins_when_somebody_changes_a_record(lea: Contact, live: Callable[..., None]) -> None:
    live(
        {
            "key": "won-back",
            "trigger": {"event": record_changes.NAME, "where": {"event.properties.field": "status"}},
            "steps": [{"key": "note", "action": "set_field", "with": {"field": "job_title", "value": "noticed"}}],
        }
    )
    edit(owner="Ira Sand")
    ask()
    assert not Run.objects.filter(workflow_id=_won_back()).exists()
    edit(status="Working")
    ask()
    (run,) = Run.objects.filter(workflow_id=_won_back())
    assert (run.contact_id, run.state) == (lea.pk, "done")


def test_echo_of_what_a_workflow_writes_back_begins_it_no_second_time(lea: Contact, live: Callable[..., None]) -> None:
    """The workflow answers every change with a write into the CRM, which is a change there."""
    upsert = {"key": "back", "action": "upsert_record", "system": "crm", "with": {"mapping": "demo-form-to-crm"}}
    live({"key": "won-back", "trigger": {"event": record_changes.NAME}, "steps": [upsert], "overlapping": True})
    edit(status="Attempted to contact")
    for _ in range(3):
        ask()
    assert Run.objects.filter(workflow_id=_won_back()).count() == 1
    assert len(told()) == 1


def _won_back() -> int:
    from workflows.models import Workflow

    return Workflow.objects.get(key="won-back").pk


# How it is asked


@pytest.fixture
def system(db: None) -> System:
    """A CRM and the event of its changes, and nothing else."""
    team = Team.objects.create(key="sales-ops", name="Sales ops")
    EventType.objects.create(name=record_changes.NAME, meaning="A record changed.", owner=team)
    return System.objects.create(key="crm", name="CRM", kind="crm", connector="sandbox_crm", owner=team)


class Elsewhere:
    """Answers of a far side, one a question."""

    def __init__(self, *answers: Changes | Exception) -> None:
        self.answers, self.since = list(answers), list[str]()

    def __call__(self, link: Link, *, since: str) -> Changes:
        del link
        self.since.append(since)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Elsewhere]:
    def elsewhere(*answers: Changes | Exception) -> Elsewhere:
        found = Elsewhere(*answers)
        monkeypatch.setattr(CONNECTORS["sandbox_crm"], "changes", found, raising=False)
        return found

    return elsewhere


def change(id: str = "c-1", **more: Any) -> RecordChange:
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    one = RecordChange(id, "lead", "7", EMAIL, "status", "Open", "Working", at, by="Noor")
    return replace(one, **more)


def test_cursor_goes_on_where_the_last_answer_ended(system: System, elsewhere: Callable[..., Elsewhere]) -> None:
    far = elsewhere(Changes([change("c-1")], "a", more=True), Changes([change("c-2")], "b"), Changes([], "b"))
    assert polling.poll("crm")
    assert not polling.poll("crm")
    assert not polling.poll("crm")
    assert far.since == ["", "a", "b"]
    row = Poll.objects.get(pk="crm")
    assert (row.cursor, row.brought, row.says, row.failures) == ("b", 2, "", 0)


def test_failing_far_side_is_asked_ever_more_rarely_and_its_breaker_opens(
    system: System, elsewhere: Callable[..., Elsewhere]
) -> None:
    elsewhere(*[TryLater("nobody answers", for_all=True)] * 5, Changes([], "z"))
    at, waits = timezone.now() + timedelta(minutes=1), []
    for _ in range(5):
        polling.poll("crm", at=at)
        row = Poll.objects.get(pk="crm")
        waits.append((row.next_at - at).total_seconds())
        at = row.next_at
    assert waits == [5, 10, 20, 40, 80]
    assert (row.cursor, row.says, row.failures) == ("", "nobody answers", 5)
    health = ConnectionHealth.objects.get(pk="crm")
    assert health.closed_until is not None
    polling.poll("crm", at=health.closed_until - timedelta(seconds=1))
    assert Poll.objects.get(pk="crm").cursor == "", "an open breaker keeps questions back, too"
    polling.poll("crm", at=health.closed_until + timedelta(seconds=1))
    assert Poll.objects.get(pk="crm").cursor == "z"
    assert ConnectionHealth.objects.get(pk="crm").failures == 0


def test_retry_after_is_kept_to(system: System, elsewhere: Callable[..., Elsewhere]) -> None:
    elsewhere(TryLater("too many requests", after_seconds=90, for_all=True))
    at = timezone.now() + timedelta(minutes=1)
    polling.poll("crm", at=at)
    assert Poll.objects.get(pk="crm").next_at == at + timedelta(seconds=90)
    assert ConnectionHealth.objects.get(pk="crm").closed_until == at + timedelta(seconds=90)


def test_answer_that_cannot_be_read_is_said_and_stops_nothing_else(
    system: System, elsewhere: Callable[..., Elsewhere]
) -> None:
    elsewhere(KeyError("id"), Refused("the token has expired"), Changes([change()], "a"))
    for says in ("its answer cannot be read: KeyError", "the token has expired", ""):
        polling.poll("crm")
        assert Poll.objects.get(pk="crm").says == says
    assert len(told()) == 1


@pytest.mark.parametrize("how", ["paused", "outbound", "catalog", "source", "later"])
def test_connection_that_stands_still_is_not_asked(
    how: str, system: System, elsewhere: Callable[..., Elsewhere]
) -> None:
    far, now = elsewhere(), timezone.now()
    if how == "paused":
        System.objects.filter(key="crm").update(paused=True)
    elif how == "outbound":
        from workflows.actions import connections as switches

        switches.stop_everything(because="a test", by="tests", at=now)
    elif how == "catalog":
        EventType.objects.filter(name=record_changes.NAME).delete()
    elif how == "source":
        sources.of_changes(system, at=now)
        Source.objects.filter(key="crm-changes").update(enabled=False)
        polling.poll("crm", at=now)
    else:
        Poll.objects.create(system="crm", next_at=now + timedelta(seconds=3))
    assert polls.due(at=now, connectors=["sandbox_crm"]) == []
    assert far.since == []


@pytest.mark.django_db(transaction=True)
def test_only_one_worker_asks_a_system_at_a_time(system: System, elsewhere: Callable[..., Elsewhere]) -> None:
    far = elsewhere(Changes([], "a"))
    other = connections.create_connection("default")
    try:
        with polling._alone("crm"), other.cursor() as cursor:
            cursor.execute("SELECT classid, objid FROM pg_locks WHERE locktype = 'advisory' AND classid = 7304")
            space, number = cursor.fetchone()
            cursor.execute(
                "SELECT pg_try_advisory_lock(%s, (%s::bigint - 4294967296 * (%s > 2147483647)::int)::int)",
                [space, number, number],
            )
            assert cursor.fetchone() == (False,)
    finally:
        other.close()
    polling.poll("crm")
    assert far.since == [""]


# Pushed


def push(client: Client, document: dict[str, Any], message_id: str) -> int:
    source = Source.objects.get(key="crm-changes")
    secret = sources.add_secret(source, by="tests", at=timezone.now())
    body, now = json.dumps(document), datetime.now(UTC)
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, body),
    }
    return client.post("/ingest/crm-changes/", body, content_type="application/json", headers=headers).status_code


def pushed(*, field: str = "status", to: Any = "Working", by: str = "Noor Haddad") -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    data = {"object": "lead", "record_id": "7", "email": EMAIL, "field": field, "from": "Open", "to": to}
    return {"type": record_changes.NAME, "timestamp": now, "data": data | {"changed_at": now, "by": by}}


@pytest.mark.requirement("A2")
def test_change_that_is_pushed_by_a_signed_webhook_is_the_same_event(client: Client, lea: Contact) -> None:
    assert push(client, pushed(), "crm-change-900-status") == 200
    settle()
    lea.refresh_from_db()
    assert lea.lifecycle_stage == "sql"
    at = datetime.fromisoformat(told()[0].body["timestamp"])
    one = change("crm-change-900-status", changed_at=at, by="Noor Haddad")
    assert polling._message(one) == told()[0].body, "asked for afterwards, it is the one that was pushed"


@pytest.mark.requirement("D8")
def test_pushed_echo_is_recognised_by_value_and_time(client: Client, lea: Contact) -> None:
    """A far side that says neither who changed a record nor by which request."""
    effect = Effect.objects.filter(contact_id=lea.pk, kind="upsert_record").latest("pk")
    Contact.objects.filter(pk=lea.pk).update(lifecycle_stage="opportunity")
    push(client, pushed(to="Marketing qualified", by=""), "h-1")
    settle()
    lea.refresh_from_db()
    assert lea.lifecycle_stage == "opportunity", "our own older write must not put the stage back"
    notes = Trace.objects.get(event_id=told()[0].pk).detail["contact"]["notes"]
    assert notes[-1].startswith("our own write came back (effect ")
    assert Effect.objects.filter(pk__lte=effect.pk, kind="upsert_record").exists()
    push(client, pushed(to="Working", by=""), "h-2")
    settle()
    lea.refresh_from_db()
    assert lea.lifecycle_stage == "sql", "another value is nobody's echo"


@pytest.mark.requirement("A11")
def test_status_that_maps_to_the_stage_is_not_rewritten_to_the_stages_first(
    client: Client, lea: Contact, request_demo: Callable[..., str]
) -> None:
    record = CrmRecord.objects.get()
    crm.edit_record(record_id=record.pk, values={"status": "Working"}, by="Noor Haddad", at=timezone.now())
    push(client, pushed(to="Working"), "w-1")
    settle()
    lea.refresh_from_db()
    assert lea.lifecycle_stage == "sql"
    written = Effect.objects.filter(kind="upsert_record").latest("pk").pk
    request_demo(company="Brightwater Ltd", utm_campaign="winter-demo")
    settle()
    effect = Effect.objects.filter(kind="upsert_record", pk__gt=written, state="done").latest("pk")
    assert effect.payload["fields"]["status"] == "Sales qualified", "what a new record would be given"
    record.refresh_from_db()
    assert record.status == "Working"
    Contact.objects.filter(pk=lea.pk).update(lifecycle_stage="opportunity")
    request_demo(company="Brightwater plc", utm_campaign="spring-demo")
    settle()
    record.refresh_from_db()
    assert record.status == "Opportunity", "a status of another stage is no longer right"


def test_the_log_is_read_in_the_order_in_which_it_becomes_visible(db: None) -> None:
    """Numbers of entries rise, and each says what was and what is."""
    crm.upsert_record(email="a@example.com", fields={"status": "Open", "company": "Acme"})
    record = CrmRecord.objects.get()
    crm.edit_record(record_id=record.pk, values={"company": "Acme Ltd", "status": "Open"}, by="Noor", at=timezone.now())
    crm.edit_record(record_id=record.pk, values={"status": "Open"}, by="Noor", at=timezone.now())
    first, second = crm.changes(since=0, limit=10)
    assert first.fields == {"company": [None, "Acme"], "status": [None, "Open"], "owner": [None, record.owner]}
    assert (second.by, second.fields) == ("Noor", {"company": ["Acme", "Acme Ltd"]})
    assert [one.pk for one in crm.changes(since=first.pk, limit=10)] == [second.pk]


@pytest.fixture
def live(demo: Source) -> Callable[..., None]:
    """A workflow that sales ops has live."""
    from campaigns.actions import rollouts
    from workflows.actions import versions, workflows

    def live(content: dict[str, Any]) -> None:
        at, owner = timezone.now(), Team.objects.get(key="sales-ops")
        again = {"again": {"overlapping": True}} if content.pop("overlapping", False) else {}
        steps = [{"stage": "capture", "owner": "sales-ops", "output": "x"} | step for step in content["steps"]]
        named = {"name": "Won back", "type": "quality", "owner": "sales-ops", "entry": again}
        draft = workflows.create(key=content["key"], name="Won back", type="quality", owner=owner, by="tests", at=at)
        draft = versions.draft(workflow=draft.workflow, content={**content, **named, "steps": steps}, by="tests", at=at)
        rollouts.switch_over(version=versions.freeze(version=draft, by="tests", at=at), by="tests", at=at)
        deliver()

    return live
