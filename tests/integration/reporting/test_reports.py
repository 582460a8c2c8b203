"""Reporting workflows (requirement A9e): facts up to date, definitions and CRM verified, sent out with the numbers."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import orjson
import pytest
from django.test import Client

from martechops.lib import clock, mail
from martechops.people.actions import tokens
from martechops.people.models import User
from martechops.sandbox.models import CrmRecord, MailboxMessage
from reporting.actions import projection, report_requests
from reporting.metrics import Period, Question
from reporting.models import Report, StaleRow
from reporting.queries import metrics, report_texts
from tests.fixtures.told import settle
from tests.integration.screens.test_pages import text_of
from tests.worlds import MONDAY
from workflows.actions import definitions
from workflows.connectors import email as email_connector
from workflows.models import Contact, Effect, LifecycleStage, ReportRequest
from workflows.runtime import render, schedules
from workflows.runtime.effects import Claimed

#: Monday a week after the demo began: its weekly report is due at seven in Berlin.
SEVEN = datetime(2026, 11, 9, 6, 0, 1, tzinfo=UTC)
SOON, DAY = timedelta(seconds=10), timedelta(days=1)

pytestmark = pytest.mark.django_db


def check(report: Report, name: str) -> dict[str, object]:
    return next(one for one in report.checks if one["name"] == name)


@pytest.mark.requirement("A9")
@pytest.mark.requirement("F8")
def test_monday_report_is_made_verified_and_only_then_sent_with_its_numbers(demo_told: None) -> None:
    MailboxMessage.objects.all().delete()
    schedules.keep(at=SEVEN)
    settle(SEVEN)
    assert ReportRequest.objects.get().state == "asked"
    assert not MailboxMessage.objects.exists()
    assert report_requests.answer(at=SEVEN) == 1
    assert not StaleRow.objects.exists()
    settle(SEVEN + SOON)
    report, sent = Report.objects.get(), MailboxMessage.objects.get()
    leads = sum(row[1] for row in report.table["rows"])
    assert leads == Contact.objects.count()
    assert report.holds, report.checks
    assert (sent.to, sent.subject) == ("sal@example.com, ana@example.com", "Campaign results")
    assert all(row[0] in sent.text for row in report.table["rows"])
    assert f"/reports/{report.pk}/" in sent.text
    assert "Reconciled with the CRM" in sent.html
    effect = Effect.objects.get(kind="distribute_report")
    wanted = SimpleNamespace(id=effect.pk, kind=effect.kind, payload=effect.payload | {"format": "pdf"})
    file = render.content(cast("Claimed", wanted), {}, {}, blocks={})["file"]
    assert (file["name"], file["report"]["title"]) == ("campaign-results-2026-11-09.pdf", "Campaign results")
    assert len(file["report"]["rows"]) == len(report.table["rows"])
    assert report_requests.answer(at=SEVEN) == 0


@pytest.mark.requirement("A9")
def test_drift_drafts_and_another_stage_in_the_crm_are_found_and_said(demo_told: None) -> None:
    first = report_requests.make("campaign-results", at=SEVEN)
    assert check(first, "Same definitions")["says"] == "this is the first report of its kind"
    stage = LifecycleStage.objects.get(key="mql")
    stage.name, stage.status = "Qualified by marketing", "draft"
    definitions.save(stage, by="sal", at=SEVEN)
    record = CrmRecord.objects.filter(email__in=Contact.objects.values("email")).order_by("pk")[0]
    CrmRecord.objects.update(status="Customer")
    second = report_requests.make("campaign-results", at=SEVEN + SOON)
    assert not second.holds
    assert "stage mql is version 2 now" in str(check(second, "Same definitions")["says"])
    assert check(second, "Agreed definitions")["says"] == "not agreed yet: stage mql"
    crm = check(second, "Reconciled with the CRM")
    assert not crm["holds"]
    assert Contact.objects.filter(pk__in=crm["contacts"]).count() == 5
    assert record.email in set(Contact.objects.values_list("email", flat=True))


def test_report_that_nobody_knows_fails_visibly_and_is_not_sent(demo_told: None) -> None:
    schedules.keep(at=SEVEN)
    settle(SEVEN)
    ReportRequest.objects.update(arguments={"reports": ["nonsense"]})
    MailboxMessage.objects.all().delete()
    report_requests.answer(at=SEVEN)
    settle(SEVEN + SOON)
    failed = Effect.objects.get(kind="distribute_report")
    assert failed.state == "failed"
    assert "there is no report nonsense; there are campaign-results" in failed.reason
    assert not MailboxMessage.objects.exists()


@pytest.mark.requirement("F9")
def test_metrics_are_reported_by_the_same_definitions_that_pages_use_with_their_versions(demo_told: None) -> None:
    projection.rebuild(at=MONDAY + 5 * DAY)
    report = report_requests.make("metrics", at=MONDAY + 5 * DAY)
    leads = metrics.catalog().metrics["leads"]
    row = next(one for one in report.table["rows"] if one[0] == leads.name)
    week = Period(date(2026, 10, 31), date(2026, 11, 7))
    assert row[1] == metrics.ask_one(Question("leads", week)).value == Contact.objects.count()
    assert row[2] == 0
    assert row[4] == leads.says_version
    assert report.definitions["metric leads"] == [leads.version, leads.digest]
    alone = report_requests.make("leads", at=MONDAY + 5 * DAY)
    assert alone.table["rows"] == [row]
    assert report_texts.title(alone) == leads.name
    with pytest.raises(report_requests.UnknownReport):
        report_requests.make("nonsense", at=MONDAY)


def test_file_holds_the_table_and_no_cell_becomes_a_formula(client: Client, demo_told: None) -> None:
    report = report_requests.make("campaign-results", at=MONDAY)
    Report.objects.filter(pk=report.pk).update(table={"titles": ["Campaign"], "rows": [["=1+1"], ["2026, q4"]]})
    client.force_login(User.objects.get(username="ida"))
    answer = client.get(f"/reports/{report.pk}/file/")
    assert answer.content.decode() == 'Campaign\r\n\'=1+1\r\n"2026, q4"\r\n'
    assert "campaign-results-2026-11-02.csv" in answer["Content-Disposition"]


def test_pages_and_interface_show_numbers_checks_and_versions(client: Client, demo_told: None) -> None:
    made = [report_requests.make(key, at=MONDAY) for key in ("campaign-results", "success-criteria", "health")]
    ida = User.objects.get(username="ida")
    _, text = tokens.create(user=ida, scopes=["results:read"], by="tests", at=clock.now())
    client.force_login(ida)
    assert "Success criteria" in text_of(client, "/reports/?report=success-criteria")
    shown = text_of(client, f"/reports/{made[0].pk}/")
    assert "Reconciled with the CRM" in shown
    assert "stage mql: version 1" in shown
    answer = client.get(f"/api/v1/reports/{made[1].pk}", headers={"Authorization": f"Bearer {text}"}).json()
    assert answer["table"]["titles"][0] == "Workflow"


@pytest.mark.requirement("F8")
def test_report_goes_along_as_a_document_that_is_set_when_it_is_handed_over(demo_told: None, client: Client) -> None:
    """Reserved are its words alone; the pages are made of them, the same bytes each time."""
    report = report_requests.make("success-criteria", at=SEVEN)
    made = report_texts.delivered(report, address="https://ops.example.com/reports/1/")
    file = render._file("pdf", made)["file"]
    assert file["name"] == "success-criteria-2026-11-09.pdf"
    assert len(orjson.dumps(file)) < 20_000
    sent = email_connector._file(orjson.loads(orjson.dumps(file)))
    again = email_connector._file(file)
    assert sent is not None
    assert again is not None
    assert isinstance(sent.content, bytes)
    assert sent.content.startswith(b"%PDF-")
    assert sent.content == again.content
    written = mail.message(
        to="sal@example.com", sender="reports@example.com", subject="s", text="t", html="", message_id="<1@x>",
        headers={}, file=sent,
    )  # fmt: skip
    [part] = written.iter_attachments()
    assert (part.get_content_type(), part.get_filename()) == ("application/pdf", "success-criteria-2026-11-09.pdf")
    client.force_login(User.objects.get(username="ana"))
    answer = client.get(f"/reports/{report.pk}/report.pdf")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")


def test_every_reader_gets_a_mailbox_of_their_own_and_the_file_goes_along() -> None:
    written = mail.message(
        to="sal@example.com",
        others=["Ana <ana@example.com>"],
        sender="reports@example.com",
        subject="Campaign results",
        text="Numbers",
        html="",
        message_id="<1@example.com>",
        headers={},
        file=mail.File("results.csv", "Campaign,Leads\r\n"),
    )
    assert [one.addr_spec for one in written["To"].addresses] == ["sal@example.com", "ana@example.com"]
    assert [part.get_filename() for part in written.iter_attachments()] == ["results.csv"]
    with pytest.raises(mail.BadMail):
        mail.message(
            to="a@example.com", others=["b@example.com\r\nBcc: x@example.com"], sender="r@example.com", subject="",
            text="", html="", message_id="<2@example.com>", headers={},
        )  # fmt: skip
