"""The demo as it is meant is well; ten things that can go wrong are planted in it and found, and nothing else."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from campaigns.actions import rollouts
from martechops.people.models import Team
from reporting.actions import health_looks
from reporting.health import KINDS, Finding, look
from reporting.queries import health_looks as kept
from tests.fixtures.told import send, settle
from tests.worlds import MONDAY
from workflows.actions import versions
from workflows.models import (
    Assignment,
    Contact,
    ContactChange,
    Effect,
    FieldChange,
    InboundEvent,
    Mapping,
    Run,
    StepApproval,
    Version,
    Workflow,
)

DAY = timedelta(days=1)
#: When everybody looks: a Monday four weeks after the story, of which the two periods hold one and none.
THEN = MONDAY + 21 * DAY

pytestmark = pytest.mark.django_db


@contextmanager
def taken_back() -> Iterator[None]:
    """What is done inside is as if it had not been done."""
    point = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(point)


def some(count: int = 4) -> list[Contact]:
    """Contacts that got the welcome."""
    ids = Effect.objects.filter(kind="send_message", state="done").order_by("pk").values_list("contact_id", flat=True)
    return list(Contact.objects.filter(pk__in=list(ids[:count])).order_by("pk"))


def change(contact: Contact, field: str, old: str, new: str, writer: str, *, at: datetime, step: str = "") -> None:
    FieldChange.objects.create(contact_id=contact.pk, field=field, old=old, new=new, writer=writer, at=at, step=step)


LATER = MONDAY + 4 * DAY


def silence() -> None:
    """The ad network stops sending quote requests: all there were are from before the period."""
    InboundEvent.objects.filter(name="Quote Requested").update(received_at=MONDAY - 10 * DAY)


def second_tasks() -> None:
    for task in Effect.objects.filter(kind="create_task", contact_id__isnull=False)[:3]:
        task.pk, task.key, task.once_key = None, uuid4(), None
        task.planned_at += timedelta(hours=2)
        task.save(force_insert=True)


def spellings() -> None:
    for contact in some(3):
        contact.fields["country"] = "de"
        contact.save()
    other = Contact.objects.exclude(pk__in=[one.pk for one in some(3)]).earliest("pk")
    other.fields["country"] = "DE"
    other.save()


def slow_answers() -> None:
    workflow, team = Workflow.objects.get(key="content-publishing"), Team.objects.get(key="email-team")
    for number in range(4):
        asked = MONDAY + number * DAY
        StepApproval.objects.create(
            key=uuid4(), run_id=number, workflow_id=workflow.pk, step="agree", owner=team, state="approved",
            asked_at=asked, decided_at=asked + 9 * DAY,
        )  # fmt: skip


def set_back() -> None:
    for contact in some(3):
        change(contact, "company", "Acme", "ACME Inc.", "crm", at=LATER)
        change(contact, "company", "ACME Inc.", "Acme", "web-form", at=LATER)


def one_place() -> None:
    for contact in some(3):
        change(contact, "lifecycle_stage", "lead", "customer", "demo-request-nurture", at=LATER, step="qualify")


def without_fields() -> None:
    mapping = Mapping.objects.get(key="demo-form-to-crm")
    mapping.rows = [row | {"required": row["to"] in ("email", "company")} for row in mapping.rows]
    mapping.save()
    for contact in some(3):
        contact.fields.pop("company", None)
        contact.save()


def idle_step() -> None:
    """Ben adds a step whose rule holds for nobody, and thirty more people come."""
    workflow = Workflow.objects.get(key="demo-request-nurture")
    content = json.loads(json.dumps(Version.objects.get(workflow=workflow).content))
    step = {
        "key": "for-nobody", "name": "Tell nobody", "stage": "enrich", "trigger": "contact created or updated",
        "system": "crm", "action": "set_stage", "with": {"stage": "mql"}, "when": {"contact.company_size": {"$lt": 0}},
        "owner": "sales-ops", "output": "lifecycle stage changed", "expected": "1 minute",
    }  # fmt: skip
    content["steps"].insert(2, step)
    draft = versions.draft(workflow=workflow, content=content, by="tests", at=LATER)
    rollouts.switch_over(version=versions.freeze(version=draft, by="tests", at=LATER), by="tests", at=LATER)
    for number in range(30):
        send(
            "Demo Requested", f"late{number}@example.com", LATER, form_id="demo", first_name="L", company="Late",
            company_size=300, marketing_consent=True,
        )  # fmt: skip
    settle(LATER)
    for number in range(30):
        send("Meeting Booked", f"late{number}@example.com", LATER + timedelta(hours=1))
    settle(LATER + timedelta(hours=1))
    settle(LATER + 3 * DAY)


def by_hand() -> None:
    for contact in some(3):
        change(contact, "job_title", "CMO", "Chief marketing officer", "sal", at=LATER)


def late_work() -> None:
    workflow = Workflow.objects.get(key="quote-request-routing")
    run = Run.objects.filter(workflow_id=workflow.pk).earliest("pk")
    for number in range(3):
        Assignment.objects.create(
            key=uuid4(), run_id=run.pk, workflow_id=workflow.pk, step="owner", contact_id=run.contact_id,
            by="territory", person="noor", state="lapsed", given_at=LATER, ended_at=LATER + (2 + number) * DAY,
        )  # fmt: skip


#: kind → what is planted, and the workflow, step and team that must be named, and how often it must be counted.
PLANTED: dict[str, tuple[Callable[[], None], tuple[str, str, str], int]] = {
    "missing-triggers": (silence, ("quote-request-routing", "", "sales-ops"), 0),
    "duplicated-tasks": (second_tasks, ("", "", "sales-ops"), 3),
    "inconsistent-values": (spellings, ("", "", "marketing-ops"), 3),
    "slow-approvals": (slow_answers, ("content-publishing", "agree", "email-team"), 4),
    "unclear-ownership": (set_back, ("", "", "marketing-ops"), 3),
    "stage-in-one-place": (one_place, ("demo-request-nurture", "qualify", "sales-ops"), 3),
    "mail-without-fields": (without_fields, ("demo-request-nurture", "welcome", "email-team"), 3),
    "never-acted": (idle_step, ("demo-request-nurture", "for-nobody", "sales-ops"), 0),
    "writers-off-map": (by_hand, ("", "", "marketing-ops"), 3),
    "late-handoffs": (late_work, ("quote-request-routing", "owner", "sales-ops"), 3),
}


@pytest.mark.requirement("B5")
@pytest.mark.requirement("B6")
@pytest.mark.requirement("G2")
def test_all_bottlenecks_and_failure_points_planted_in_the_demo_are_found_and_a_clean_demo_raises_none(
    demo_told: None,
) -> None:
    assert [one.says for one in look(at=THEN).findings] == []
    assert set(PLANTED) == {kind.key for kind in KINDS}
    for kind, (plant, (workflow, step, team), count) in PLANTED.items():
        with taken_back():
            plant()
            found = look(at=THEN).findings
            assert {one.kind for one in found} == {kind}, kind
            seen = next(one for one in found if not one.says.endswith("its map says so"))
            assert (seen.workflow, seen.step) == (workflow, step) or not workflow, kind
            assert seen.team == team, kind
            assert seen.count == count, kind
            assert seen.samples, kind
            _samples_lead_somewhere(seen)
    assert look(at=THEN).findings == ()


def _samples_lead_somewhere(finding: Finding) -> None:
    for sample in finding.samples:
        what, number = sample.href.strip("/").partition("/")[::2]
        if what == "contacts":
            assert Contact.objects.filter(pk=int(number)).exists()


def test_the_former_period_is_counted_by_the_same_rule(demo_told: None) -> None:
    by_hand()
    ContactChange.objects.filter(writer="sal").update(at=THEN - 30 * DAY)
    by_hand()
    (found,) = look(at=THEN).findings
    assert (found.count, found.former) == (3, 3)


@pytest.mark.requirement("B5")
def test_steps_are_counted_as_runs_went_through_them(demo_told: None) -> None:
    figures = {(one.workflow, one.step): one for one in look(at=THEN).steps}
    runs = Run.objects.filter(workflow_id=Workflow.objects.get(key="demo-request-nurture").pk)
    first, stop = figures["demo-request-nurture", "upsert-contact"], figures["demo-request-nurture", "consent-missing"]
    assert first.runs == first.came == runs.count()
    assert stop.ended == runs.filter(state="stopped", step="consent-missing").count() > 0
    assert stop.went_on == pytest.approx(1 - stop.ended / stop.came)
    pause = figures["demo-request-nurture", "pause"]
    assert pause.came == first.came - stop.ended
    assert pause.p90_seconds == pytest.approx(2 * 86_400, abs=86_400)


def test_a_look_asks_as_much_of_many_contacts_as_of_few(demo_told: None) -> None:
    look(at=THEN)
    with CaptureQueriesContext(connection) as few:
        look(at=THEN)
    idle_step()
    look(at=THEN)
    with CaptureQueriesContext(connection) as many:
        look(at=THEN)
    assert len(many) <= len(few) + 5, "only what an edge in a longer table takes to be found"


def test_a_look_is_kept_for_pages_and_taken_again_when_it_is_old(demo_told: None) -> None:
    by_hand()
    found = health_looks.take(at=THEN)
    assert found is not None
    assert found.findings
    assert kept.newest() == found
    assert health_looks.take(at=THEN + timedelta(minutes=1)) is None
    assert health_looks.take(at=THEN + timedelta(hours=1)) is not None


def test_command_says_what_was_found_and_ends_with_status_1(demo_told: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("martechops.lib.clock.now", lambda: THEN)
    out = io.StringIO()
    call_command("health", stdout=out)
    assert out.getvalue() == "0 findings.\n"
    by_hand()
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("health", stdout=out)
    assert "sal, by hand, writes contact.job_title, and no map says so" in out.getvalue()
    assert "call marketing-ops" in out.getvalue()
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("health", format="json", stdout=out)
    assert json.loads(out.getvalue())[0]["kind"] == "writers-off-map"
