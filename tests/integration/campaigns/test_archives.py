"""What is kept of a campaign: what it was, what came of it in numbers, and that it never changes."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from campaigns.actions import campaigns
from campaigns.models import ArchivedCount, Campaign, CampaignArchive
from martechops.audit.models import AuditEntry
from martechops.lib import digest
from martechops.people.models import User
from tests.integration.admin.rows import make
from workflows.actions import definitions
from workflows.models import Activation, Conversion, Effect, MessageTemplate, Run

from .conftest import AT, approved

OVER = AT + timedelta(days=30)


@pytest.fixture
def ended(campaign: Campaign, ana: User) -> Campaign:
    """Four people went through it: two to the end, one stopped, one came before it began."""
    version = Activation.objects.get(workflow__key="demo-request-nurture", until=None).version
    approved(campaign, by=ana)
    campaigns.move(campaign=campaign, verb="start", by="campaigns", at=AT)
    ours = {"workflow_id": version.workflow_id, "version_id": version.pk}
    for contact, state, hour in ((1, "done", 1), (2, "done", 2), (3, "stopped", 3), (4, "done", -1)):
        run = make(Run, **ours, state=state, contact_id=contact, entered_at=AT + timedelta(hours=hour))
        outcome = "suppressed" if contact == 3 else "done"
        sent = {"run_id": run.pk, "contact_id": contact, "kind": "send_message", "step": "welcome", "state": outcome}
        make(Effect, **ours, **sent)
        if contact == 1:
            make(Conversion, workflow_id=version.workflow_id, run_id=run.pk, contact_id=1, name="Meeting booked")
    return campaigns.move(campaign=campaign, verb="end", by=ana, at=OVER)


def archived(campaign: Campaign, ana: User) -> CampaignArchive:
    campaigns.move(campaign=campaign, verb="archive", by=ana, at=OVER)
    return CampaignArchive.objects.get(campaign=campaign)


@pytest.mark.requirement("C5")
def test_it_keeps_what_it_was_and_how_often_what_came_of_it(ended: Campaign, ana: User) -> None:
    kept = archived(ended, ana)
    assert kept.digest == digest.of(kept.content)
    assert kept.content["campaign"]["name"] == ended.name
    assert [one["key"] for one in kept.content["workflows"]] == ["demo-request-nurture"]
    assert {one["key"] for one in kept.content["templates"]} >= {"demo-welcome"}
    assert kept.content["audience"]["key"] == "may-be-written-to"
    assert kept.people == 3
    found = [(row.what, row.kind, row.step, row.outcome, row.count, row.people) for row in kept.counts.all()]
    assert found == [
        ("run", "", "", "done", 2, 2),
        ("run", "", "", "stopped", 1, 1),
        ("message", "send_message", "welcome", "done", 2, 2),
        ("message", "send_message", "welcome", "suppressed", 1, 1),
        ("goal", "Meeting booked", "", "", 1, 1),
    ]


@pytest.mark.requirement("C5")
def test_while_more_will_come_of_it_it_is_not_archived(ended: Campaign, ana: User) -> None:
    Run.objects.filter(contact_id=1).update(state="waiting")
    with pytest.raises(campaigns.NotReady, match="1 are still on their way"), transaction.atomic():
        campaigns.move(campaign=ended, verb="archive", by=ana, at=OVER)
    Run.objects.filter(contact_id=1).update(state="done")
    Effect.objects.filter(contact_id=1).update(state="planned")
    with pytest.raises(campaigns.NotReady, match="1 of its effects are still to come"), transaction.atomic():
        campaigns.move(campaign=ended, verb="archive", by=ana, at=OVER)
    ended.refresh_from_db()
    assert ended.state == "ended"


def test_it_never_changes_whatever_becomes_of_what_it_used(ended: Campaign, ana: User) -> None:
    kept = archived(ended, ana)
    template = MessageTemplate.objects.get(key="demo-welcome")
    before, template.subject = template.subject, "Something else"
    definitions.save(template, by="tests", at=OVER)
    Run.objects.all().delete()
    kept.refresh_from_db()
    assert before in [one["subject"] for one in kept.content["templates"]]
    for change in (
        lambda: CampaignArchive.objects.update(people=9),
        lambda: ArchivedCount.objects.update(count=9),
        lambda: CampaignArchive.objects.filter(pk=kept.pk)._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError, match="kept as they are"), transaction.atomic():
            change()


@pytest.mark.requirement("C5")
def test_its_page_shows_it_and_gives_it_along_as_a_file(ended: Campaign, ana: User, page: Client) -> None:
    address = f"/campaigns/{ended.key}/archive/"
    assert page.get(address).status_code == 404
    kept = archived(ended, ana)
    body = page.get(address).content.decode()
    for words in ("Meeting booked", "Withheld", kept.digest[:12], "Show how leads are routed."):
        assert words.lower() in body.lower(), words
    assert "look at the archive" in page.get(f"/campaigns/{ended.key}/").content.decode()
    answer = page.get(f"{address}file/")
    assert answer.content == page.get(f"{address}file/").content
    taken = AuditEntry.objects.filter(action="campaign.take-archive", object_key=ended.key)
    assert [entry.detail for entry in taken] == [{"digest": kept.digest}] * 2
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["archive.json", "counts.csv", "links.csv"]
        said = json.loads(archive.read("archive.json"))
        assert (said["digest"], said["people"]) == (kept.digest, 3)
        lines = archive.read("counts.csv").decode("utf-8-sig").splitlines()
    assert lines[0] == "What,Workflow,Version,Kind,Step,Outcome,Count,People"
    assert lines[3].endswith("send_message,welcome,done,2,2")
