"""What begins a run besides an event: stages, fields, segments, hand-offs and the calendar, each exactly once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from martechops.people.models import Team, User
from tests.integration.stories.conftest import go_live, until
from workflows.actions import contact_fields, memberships
from workflows.engine import internal
from workflows.engine.authority import Writer
from workflows.models import (
    AudienceMember,
    Contact,
    ContactKey,
    Field,
    Handoff,
    InboundEvent,
    QuarantinedEvent,
    Run,
    Segment,
    SegmentMember,
    System,
    Timer,
    Trace,
    Workflow,
)
from workflows.runtime.advance import advance

from .conftest import settle

__all__ = ["go_live"]
Send = Callable[..., str]
GoLive = Callable[[str], Workflow]
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

MARK = """
kind: workflow
key: {key}
name: {key}
type: quality
owner: sales-ops
trigger: {trigger}
entry: {{again: {{overlapping: true}}}}
steps: [{{key: mark, stage: {stage}, system: crm, action: {action}, with: {with_}, owner: sales-ops, output: done}}]
"""


def marking(key: str, trigger: str, *, action: str = "add_to_audience", with_: str = "{audience: marked}") -> str:
    """A workflow that leaves a mark on whom it is entered by."""
    stage = "capture" if action == "set_field" else "engage"
    return MARK.format(key=key, trigger=trigger, action=action, with_=with_, stage=stage)


def entered(workflow: Workflow) -> int:
    return Run.objects.filter(workflow_id=workflow.pk).count()


def inside(name: str) -> int:
    return InboundEvent.objects.filter(type=internal.TYPE, name=name).count()


@pytest.mark.requirement("K1")
def test_stage_that_is_reached_begins_a_run_once_whoever_moved_it(go_live: GoLive, request_demo: Send) -> None:
    workflow = go_live(marking("on-mql", "{stage: mql}"))
    request_demo("lea@example.com")
    settle()
    assert (entered(workflow), AudienceMember.objects.get().audience) == (1, "marked")
    request_demo("lea@example.com")
    settle()
    assert entered(workflow) == 1


@pytest.mark.requirement("A2")
def test_field_that_changes_begins_a_run_and_one_that_stays_does_not(go_live: GoLive, send: Send) -> None:
    workflow = go_live(marking("on-company", "{field: company, where: {event.properties.to: Brightwater}}"))
    for company in ("Other", "Brightwater", "Brightwater"):
        send("Demo Requested", email="lea@example.com", form_id="x", company=company)
        settle()
    assert entered(workflow) == 1


def test_what_nobody_listens_to_is_not_written(request_demo: Send) -> None:
    request_demo("lea@example.com")
    settle()
    assert inside("$stage_changed") == inside("$field_changed") == 0


@pytest.mark.requirement("K3")
def test_segment_is_entered_and_left_by_what_happens_to_a_contact(go_live: GoLive, send: Send) -> None:
    send("Demo Requested", email="old@example.com", form_id="x", company_size=300)
    settle()
    into = go_live(marking("into", '{segment: enterprise-leads, "on": enter}'))
    out = go_live(marking("out", '{segment: enterprise-leads, "on": leave}'))
    memberships.keep(at=NOW)
    settle()
    assert (entered(into), SegmentMember.objects.count()) == (0, 1)  # who is there already enters nothing
    send("Demo Requested", email="lea@example.com", form_id="x", company_size=300)
    settle()
    assert (entered(into), entered(out)) == (1, 0)
    send("Purchase Completed", email="lea@example.com", value=1, currency="EUR")
    settle()
    assert (entered(into), entered(out), SegmentMember.objects.count()) == (1, 1, 1)


@pytest.mark.requirement("K4")
def test_changed_rule_of_a_watched_segment_reaches_everybody_it_moves(go_live: GoLive, send: Send) -> None:
    send("Demo Requested", email="lea@example.com", form_id="x", company_size=100)
    settle()
    into = go_live(marking("into", "{segment: enterprise-leads}"))
    memberships.keep(at=NOW)
    Segment.objects.filter(key="enterprise-leads").update(when={"contact.company_size": {"$gt": 50}})
    assert memberships.keep(at=NOW + timedelta(minutes=2)) == 1
    settle()
    assert entered(into) == 1
    assert memberships.keep(at=NOW + timedelta(minutes=4)) == 0


@pytest.mark.requirement("A10")
def test_handoff_to_a_team_begins_what_that_team_does_with_it(go_live: GoLive, send: Send) -> None:
    taken = go_live(marking("taken", "{handoff: sales-ops}"))
    go_live(
        """
        kind: workflow
        key: giving
        name: Giving
        type: routing
        owner: marketing-ops
        trigger: {event: Demo Requested}
        steps: [{key: give, handoff: {to: sales-ops, payload: [contact.email], within: 2 days}, owner: marketing-ops}]
        """
    )
    send("Demo Requested", email="lea@example.com", form_id="x")
    settle()
    assert Handoff.objects.get().owner == Team.objects.get(key="sales-ops")
    assert entered(taken) == 1


def test_workflows_that_set_each_other_off_are_set_aside_and_said(go_live: GoLive, send: Send) -> None:
    for key, when, then in (("ping", "A", "B"), ("pong", "B", "A")):
        trigger = f"{{field: company, where: {{event.properties.to: {when}}}}}"
        go_live(marking(key, trigger, action="set_field", with_=f"{{field: company, value: {then}}}"))
    send("Demo Requested", email="lea@example.com", form_id="x", company="A")
    settle()
    held = QuarantinedEvent.objects.get()
    assert (held.kind, held.event.name) == ("loop", "$field_changed")
    assert "number 9 of changes that each led to the next" in held.reasons[0]["says"]
    assert inside("$field_changed") == internal.MOST_IN_A_ROW + 1


WORKSPACE = """
kind: workflow
key: hourly
name: Hourly
type: reporting
owner: analytics
subject: workspace
trigger: {schedule: "0 * * * *", timezone: Europe/Berlin}
entry: {again: {overlapping: true}}
steps: [{key: refresh, stage: measure, action: refresh_reports, with: {reports: [x]}, owner: analytics, output: y}]
"""


@pytest.mark.requirement("A2")
def test_schedule_ticks_once_each_and_after_downtime_once_for_all_that_was_missed(go_live: GoLive) -> None:
    workflow = go_live(WORKSPACE)
    until(NOW + timedelta(minutes=1))
    for minutes in (59, 60, 61, 119, 121):
        until(NOW + timedelta(minutes=minutes))
    assert entered(workflow) == 2
    until(NOW + timedelta(days=3, minutes=5))
    assert entered(workflow) == 3
    ticks = [event.body["properties"] for event in InboundEvent.objects.filter(name="$schedule")]
    assert next(tick for tick in ticks if tick["workflow"] == "hourly") == {
        "workflow": "hourly",
        "due_at": (NOW + timedelta(days=3)).isoformat(),
        "missed_since": (NOW + timedelta(hours=3)).isoformat(),
    }


def test_schedule_of_a_segment_is_one_run_for_each_that_is_in_it(go_live: GoLive, send: Send) -> None:
    for n, size in enumerate((300, 500, 10)):
        send("Demo Requested", email=f"u{n}@example.com", form_id="x", company_size=size)
    settle()
    workflow = go_live(marking("weekly", '{schedule: "0 * * * *", segment: enterprise-leads}'))
    until(NOW)
    until(NOW + timedelta(hours=1))
    until(NOW + timedelta(hours=1, minutes=1))
    assert entered(workflow) == 2


def test_internal_event_about_somebody_who_is_gone_is_over(go_live: GoLive, send: Send, monkeypatch: Any) -> None:
    workflow = go_live(marking("on-mql", "{stage: lead}"))
    send("Demo Requested", email="lea@example.com", form_id="x")
    assert advance() == 1
    Contact.objects.all().delete()
    settle()
    assert entered(workflow) == 0
    assert not QuarantinedEvent.objects.exists()


WAITING = """
kind: workflow
key: remind
name: remind
type: nurture
owner: sales-ops
trigger: {event: Demo Requested}
steps:
  - {key: pause, wait: {until: {date: contact.renewal_on}}}
  - {key: mark, stage: capture, action: set_field, with: {field: job_title, value: x}, owner: sales-ops, output: x}
"""


@pytest.mark.requirement("A4")
def test_date_that_somebody_moves_earlier_is_not_waited_for_any_longer(go_live: GoLive, request_demo: Send) -> None:
    system, owner = System.objects.get(key="crm"), Team.objects.get(key="sales-ops")
    Field.objects.create(key="renewal_on", label="Renewal", type="date", system_of_record=system, owner=owner)
    sal = User.objects.get(username="sal")
    workflow = go_live(WAITING)
    lea = Contact.objects.create(
        email="lea@example.com", fields={"renewal_on": "2031-01-01"}, created_at=NOW, updated_at=NOW
    )
    ContactKey.objects.create(key="email:lea@example.com", contact_id=lea.pk)
    request_demo("lea@example.com")
    settle()
    run = Run.objects.get(workflow_id=workflow.pk)
    assert (run.state, run.waits_for) == ("waiting", "$field_changed renewal_on")
    traces = Trace.objects.count()
    _write(lea, sal, company_size=5)
    assert Trace.objects.count() == traces, "another field is no news"
    _write(lea, sal, renewal_on="2030-06-01")
    assert Timer.objects.get(run_id=run.pk).due_at.date().isoformat() == "2030-06-01"
    _write(lea, sal, renewal_on="2020-06-01")
    run.refresh_from_db()
    assert run.state == "done"


def _write(contact: Contact, by: User, **values: Any) -> None:
    contact_fields.write(
        contact=contact, values=values, writer=Writer("person", "sal", teams=frozenset(["sales-ops"])), by=by, at=NOW
    )
    settle()
