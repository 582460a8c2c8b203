"""The guide's worked example, target state (requirements H2 to H6), as it runs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from martechops.sandbox.models import CrmRecord, CrmTask, MailboxMessage
from workflows.models import Contact, Conversion, Effect, FieldChange, QueuedEvent, Trace

from .conftest import nurture_runs, settle

Send = Callable[..., str]


@pytest.mark.requirement("H2")
@pytest.mark.requirement("H3")
@pytest.mark.requirement("H4")
def test_complete_lead_is_recorded_qualified_and_welcomed_once(request_demo: Send) -> None:
    request_demo()
    settle()
    record = CrmRecord.objects.get()
    assert (record.email, record.status, record.fields["company"]) == (
        "lea@example.com",
        "Marketing qualified",
        "Brightwater",
    )
    message = MailboxMessage.objects.get()
    assert message.subject == "Lea, your demo is on its way"
    assert "Brightwater" in message.text
    contact = Contact.objects.get()
    assert (contact.lifecycle_stage, contact.score, contact.consent["email"]["state"]) == ("mql", 40, "granted")
    assert nurture_runs().get().step == "pause"
    assert not QueuedEvent.objects.exists()


@pytest.mark.requirement("H6")
@pytest.mark.requirement("D6")
@pytest.mark.requirement("D7")
def test_second_submit_of_same_form_sends_no_second_message(request_demo: Send) -> None:
    request_demo("lea@example.com")
    request_demo("  LEA@Example.com ", company="Brightwater Ltd")
    settle()
    request_demo("lea@example.com")
    settle()
    assert (Contact.objects.count(), CrmRecord.objects.count(), MailboxMessage.objects.count()) == (1, 1, 1)
    refused = Trace.objects.order_by("id").last().detail["workflows"][0]["entry"]
    assert not refused["admitted"]
    assert "already in this workflow" in refused["says"]


@pytest.mark.requirement("H6")
@pytest.mark.requirement("D4")
def test_without_consent_the_message_is_withheld_with_its_reason_and_routing_stops(request_demo: Send) -> None:
    request_demo(marketing_consent=None)
    settle()
    assert not MailboxMessage.objects.exists()
    withheld = Effect.objects.get(step="welcome")
    assert (withheld.state, withheld.reason) == ("suppressed", "consent for email was never given")
    run = nurture_runs().get()
    assert (run.state, run.step) == ("stopped", "consent-missing")
    assert not CrmTask.objects.exists()
    assert CrmRecord.objects.count() == 1


@pytest.mark.requirement("D7")
def test_lead_that_was_stopped_without_consent_is_welcomed_when_it_asks_again_with_it(request_demo: Send) -> None:
    request_demo(marketing_consent=None)
    settle()
    request_demo(marketing_consent=True)
    settle()
    assert MailboxMessage.objects.count() == 1
    assert list(nurture_runs().order_by("id").values_list("entry_key", "state")) == [
        (f"contact:{Contact.objects.get().pk}#1", "stopped"),
        (f"contact:{Contact.objects.get().pk}#2", "waiting"),
    ]


@pytest.mark.requirement("D3")
@pytest.mark.requirement("G5")
def test_paid_ad_lead_without_a_name_is_not_written_to(request_demo: Send) -> None:
    request_demo(first_name=None, company_size=None, utm_medium="cpc")
    settle()
    assert not MailboxMessage.objects.exists()
    assert Effect.objects.get(step="welcome").reason == "contact.first_name is missing"


def test_meeting_wakes_the_run_counts_and_gives_sales_a_task(request_demo: Send, send: Send) -> None:
    request_demo()
    settle()
    send("Meeting Booked", email="lea@example.com")
    settle()
    assert nurture_runs().get().state == "done"
    assert Conversion.objects.get().campaign == "autumn-demo"
    task = CrmTask.objects.get()
    assert (task.title, task.record.email) == ("Call Lea at Brightwater", "lea@example.com")
    assert Contact.objects.get().lifecycle_stage == "sql"


def test_timer_moves_the_run_when_no_meeting_comes(request_demo: Send) -> None:
    request_demo()
    settle()
    settle(at=datetime.now(UTC) + timedelta(days=2, minutes=1))
    run = nurture_runs().get()
    assert (run.state, run.step) == ("done", "assign-owner")
    assert CrmTask.objects.count() == 1
    assert not Conversion.objects.exists()


@pytest.mark.requirement("H2")
@pytest.mark.requirement("H7")
@pytest.mark.requirement("D6")
def test_crm_follows_the_contact_in_what_no_nurture_run_is_asked_about(request_demo: Send, send: Send) -> None:
    request_demo(company_size=320)
    settle()
    request_demo(company_size=340)  # is refused by the nurture, which it is already in
    send("Meeting Booked", email="lea@example.com")  # moves the stage by the catalog, not by a step
    settle()
    record = CrmRecord.objects.get()
    assert (record.fields["company_size"], record.status) == (340, "Sales qualified")


@pytest.mark.requirement("A6")
def test_trace_holds_the_values_that_decided(request_demo: Send) -> None:
    request_demo(company_size=12)
    settle()
    part = Trace.objects.get().detail["workflows"][0]
    qualify = next(step for step in part["steps"] if step["step"] == "qualify")
    assert qualify["outcome"] == "skipped"
    assert {(check["path"], check["got"], check["ok"]) for check in qualify["checks"]} == {
        ("contact.score", 40, False),
        ("contact.company_size", 12, False),
    }
    assert part["run_id"] == nurture_runs().get().pk
    fields = set(FieldChange.objects.values_list("field", "writer"))
    assert ("lifecycle_stage", "event Demo Requested") in fields
    assert ("consent.email", "web-form") in fields


@pytest.mark.requirement("D8")
def test_unsubscribe_between_decision_and_reservation_withholds_the_message(request_demo: Send, send: Send) -> None:
    from workflows.runtime.advance import advance
    from workflows.runtime.deliver import deliver

    request_demo()
    assert advance() == 1
    send("Unsubscribed", email="lea@example.com", channel="email")
    assert advance() == 1
    while deliver():
        pass
    assert not MailboxMessage.objects.exists()
    assert Effect.objects.get(step="welcome").reason == "consent for email is denied"


def test_older_grant_that_comes_late_does_not_undo_a_withdrawal(request_demo: Send, send: Send) -> None:
    now = datetime.now(UTC)
    send("Unsubscribed", email="lea@example.com", at=now - timedelta(minutes=1))
    send("Resubscribed", email="lea@example.com", at=now - timedelta(minutes=5))
    settle()
    assert Contact.objects.get().consent["email"]["state"] == "denied"
