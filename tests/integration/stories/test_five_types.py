"""The guide's five types of workflow (requirement A9), each as its people live it in the demo workspace."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from martechops.people.models import User
from martechops.sandbox.models import CrmRecord, CrmTask, MailboxMessage
from reporting.actions import report_requests
from workflows.actions import content, handwork
from workflows.models import (
    Assignment,
    Contact,
    ContentItem,
    Conversion,
    DuplicateFinding,
    Effect,
    FieldChange,
    Handoff,
    ReportRequest,
    Run,
    Source,
    StepApproval,
    Workflow,
)

from .conftest import settle, until

Send = Callable[..., str]
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def runs(key: str) -> list[Run]:
    """Runs of one workflow, in the order in which they began."""
    return list(Run.objects.filter(workflow_id=Workflow.objects.get(key=key).pk).order_by("pk"))


@pytest.mark.requirement("A9")
@pytest.mark.requirement("A10")
def test_lead_routing_from_form_to_the_person_who_sends_the_quote(send: Send) -> None:
    with time_machine.travel(MONDAY, tick=False):
        # A form on the web site, and another one by somebody of the same country.
        for name in ("lea", "max"):
            send("Quote Requested", email=f"{name}@example.com", first_name=name.title(), country="DE")
        settle(at=MONDAY)
        # The CRM has both, and in Germany that is Jonas's territory.
        assert {record.email: record.owner for record in CrmRecord.objects.all()} == {
            "lea@example.com": "Jonas Weber",
            "max@example.com": "Jonas Weber",
        }
        assert Contact.objects.get(email="lea@example.com").fields["owner"] == "jonas"
        lea, max_ = Assignment.objects.order_by("contact_id")
        assert (lea.person, lea.by, lea.state) == ("jonas", "territory", "open")
        assert not CrmTask.objects.exists()
        # Jonas takes the first: there is a task, due within a business day.
        handwork.take(assignment=lea, by="jonas", at=MONDAY + timedelta(hours=1))
        settle(at=MONDAY + timedelta(hours=1))
        task = CrmTask.objects.get()
        assert (task.title, task.record.email, task.due_at) == (
            "Send Lea a quote",
            "lea@example.com",
            MONDAY + timedelta(days=1, hours=1),
        )
        # He never looks at the other. Nobody else has that territory, so after four hours of work it goes to sales ops.
        until(MONDAY + timedelta(hours=5))
        max_.refresh_from_db()
        assert max_.state == "lapsed"
        passed = Handoff.objects.get()
        assert (passed.owner.key, passed.state) == ("sales-ops", "offered")
        assert passed.payload["contact.email"] == "max@example.com"
        assert [run.state for run in runs("quote-request-routing")] == ["done", "done"]


@pytest.mark.requirement("A9")
@pytest.mark.requirement("K1")
def test_nurture_writes_once_waits_for_what_people_do_and_counts_it(request_demo: Send, send: Send) -> None:
    # Lea asks for a demo, twice, as people do.
    request_demo("lea@example.com")
    request_demo("lea@example.com")
    settle()
    message = MailboxMessage.objects.get()
    assert (message.to, message.subject) == ("lea@example.com", "Lea, your demo is on its way")
    assert [run.step for run in runs("demo-request-nurture")] == ["pause"]
    # A day later she books a meeting: no timer, but what she did moves her on.
    send("Meeting Booked", email="lea@example.com")
    settle()
    assert [run.state for run in runs("demo-request-nurture")] == ["done"]
    assert (Conversion.objects.get().name, CrmTask.objects.get().title) == ("Meeting booked", "Call Lea at Brightwater")


@pytest.mark.requirement("A9")
@pytest.mark.requirement("K5")
def test_content_is_planned_written_agreed_to_published_and_promoted(demo: Source, ben: User) -> None:
    ana = User.objects.get(username="ana")
    item = ContentItem.objects.get(key="from-form-to-call")
    for to in ("draft", "approval"):
        content.move(item=item, to=to, by=ana, at=MONDAY)
    settle(at=MONDAY)
    # It waits for somebody of the e-mail team, on their page.
    asked = StepApproval.objects.get()
    assert (asked.owner.key, asked.says, asked.state) == ("email-team", "Is it ready to be published?", "asked")
    # Not yet: Ben says why, and it is back in draft.
    handwork.refuse(approval=asked, by=ben, at=MONDAY + timedelta(hours=1), note="The second example is wrong.")
    settle(at=MONDAY + timedelta(hours=1))
    item.refresh_from_db()
    assert item.state == "draft"
    # Mended, it goes round again, and out.
    content.move(item=item, to="approval", by=ana, at=MONDAY + timedelta(hours=2))
    settle(at=MONDAY + timedelta(hours=2))
    handwork.approve(approval=StepApproval.objects.get(state="asked"), by=ben, at=MONDAY + timedelta(hours=3))
    settle(at=MONDAY + timedelta(hours=3))
    item.refresh_from_db()
    assert (item.state, item.published_at) == ("promoted", MONDAY + timedelta(hours=3))
    done = Effect.objects.filter(content_id=item.pk, state="done").order_by("pk")
    assert [(effect.kind, effect.payload["channels"]) for effect in done] == [
        ("publish_content", ["blog"]),
        ("update_channels", ["newsletter", "social"]),
    ]
    states = list(item.history.order_by("history_id").values_list("state", flat=True))
    assert states == ["planned", "draft", "approval", "draft", "approval", "promoted"]


@pytest.mark.requirement("A9")
@pytest.mark.requirement("D6")
def test_data_quality_brings_values_into_one_spelling_and_puts_duplicates_before_people(send: Send) -> None:
    # The same person under two addresses, with one telephone written two ways.
    send("Quote Requested", email="lea@example.com", first_name="Lea", company="Bright   water", phone="+49 30 1234")
    send("Quote Requested", email="lea@example.org", first_name="Lea", phone="0049 30 1234")
    settle()
    Contact.objects.filter(email="lea@example.com").update(fields={"company": "Bright   water", "phone": "+49 30 1234"})
    Contact.objects.filter(email="lea@example.org").update(fields={"phone": "+49 (30) 12 34"})
    # At three in the morning, Berlin time.
    until(datetime.now(UTC))
    until(datetime.now(UTC) + timedelta(days=1))
    one, other = Contact.objects.order_by("pk")
    assert one.fields["company"] == "Bright water"
    change = FieldChange.objects.get(field="company", contact_id=one.pk, step="normalise")
    assert (change.old, change.writer, change.new) == ("Bright   water", "contact-data-quality", "Bright water")
    # They are told apart by nobody but people: a proposal, not a merge.
    found = DuplicateFinding.objects.get()
    assert (found.contact_id, found.other_id, found.state) == (one.pk, other.pk, "proposed")
    assert Contact.objects.count() == 2
    assert [run.state for run in runs("contact-data-quality")] == ["done"]


@pytest.mark.requirement("A9")
@pytest.mark.requirement("F8")
def test_reporting_refreshes_verifies_and_sends_out_every_monday_and_only_then(demo: Source) -> None:
    tuesday = datetime(2026, 11, 17, 12, 0, tzinfo=UTC)
    until(tuesday)
    until(tuesday + timedelta(days=5))
    assert not runs("weekly-report")
    # Monday, seven in Berlin is six in UTC.
    until(datetime(2026, 11, 23, 6, 0, 1, tzinfo=UTC))
    asked = ReportRequest.objects.get()
    assert (asked.kind, asked.arguments["reports"], asked.state) == ("refresh_reports", ["campaign-results"], "asked")
    assert not MailboxMessage.objects.exists(), "nothing is sent before it is made"
    report_requests.answer(at=datetime(2026, 11, 23, 6, 0, 2, tzinfo=UTC))
    until(datetime(2026, 11, 23, 6, 0, 10, tzinfo=UTC))
    sent = MailboxMessage.objects.get()
    assert (sent.to, sent.subject) == ("sal@example.com, ana@example.com", "Campaign results")
    assert [run.state for run in runs("weekly-report")] == ["done"]
    # However often the calendar is looked at, the same Monday is not another one.
    until(datetime(2026, 11, 23, 6, 10, tzinfo=UTC))
    assert len(runs("weekly-report")) == 1
