"""From a playbook to live by the clock, and what stands in the way: what is stale, fails, or was not agreed to."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client

from campaigns.actions import approval_chores, campaigns, checklists, staleness, verdicts
from campaigns.actions.approvals import CannotAsk
from campaigns.models import ApprovalRequest, Campaign, Letter, ManualCheck, Rollout
from campaigns.runtime import checking, starts
from martechops.audit.models import AuditEntry
from martechops.people.models import Team, User
from tests.integration.qa.conftest import Site, site
from workflows.actions import definitions
from workflows.models import Activation, Notice, Segment, Version

from .conftest import AT
from .launching import agreed, launch_at
from .test_playbooks import BEGINS, WEBINAR

__all__ = ["site"]


@pytest.fixture
def webinar(ana: User, site: Site) -> Campaign:
    campaign = launch_at(site, "webinar", ana, Team.objects.get(key="marketing-ops"))
    campaign.ends_at = BEGINS + timedelta(days=30)
    return campaigns.save(campaign, by=ana, at=AT)


def are_live(campaign: Campaign) -> set[bool]:
    own = campaign.parts.filter(is_own=True).values_list("workflow", flat=True)
    return {Activation.objects.filter(workflow=workflow, until=None).exists() for workflow in own}


def told(campaign: Campaign, says: str) -> int:
    return Notice.objects.filter(owner=campaign.owner, says__contains=says).count()


@pytest.mark.requirement("D2")
@pytest.mark.requirement("C9")
def test_a_launch_goes_live_at_its_hour_and_ends_on_its_last_day(webinar: Campaign, ana: User) -> None:
    request = agreed(webinar, ana)
    campaigns.move(campaign=webinar, verb="schedule", by=ana, at=AT)
    assert (starts.keep(at=BEGINS - timedelta(seconds=1)), are_live(webinar)) == (0, {False})
    assert (starts.keep(at=BEGINS), starts.keep(at=BEGINS), are_live(webinar)) == (1, 0, {True})
    webinar.refresh_from_db()
    request.refresh_from_db()
    assert (webinar.state, webinar.started_at, request.went_at) == ("live", BEGINS, BEGINS)
    assert told(webinar, "went live at its time") == 1
    assert AuditEntry.objects.get(action="campaign.start").actor == "ana"
    assert {rollout.approval for rollout in Rollout.objects.filter(started_by=ana)} == {request}
    over = BEGINS + timedelta(days=30)
    assert (starts.keep(at=over), starts.keep(at=over), are_live(webinar)) == (1, 0, {False})
    webinar.refresh_from_db()
    assert (webinar.state, webinar.ended_at) == ("ended", over)


@pytest.mark.requirement("E4")
def test_what_fails_its_checks_at_its_hour_is_held_and_its_owners_are_told(webinar: Campaign, ana: User) -> None:
    agreed(webinar, ana)
    campaigns.move(campaign=webinar, verb="schedule", by=ana, at=AT)
    signed = ManualCheck.objects.get(key="playbook-1", checklist__key=webinar.key)
    checklists.take_back(check=signed, by=User.objects.get(username="ben"), at=AT)
    assert (starts.keep(at=BEGINS), starts.keep(at=BEGINS), are_live(webinar)) == (0, 0, {False})
    webinar.refresh_from_db()
    assert webinar.state == "approved"
    assert told(webinar, "did not start at its time: It does not pass its checks: not signed") == 1
    assert Letter.objects.filter(person=ana, subject__contains="did not start at its time").count() == 1


@pytest.mark.requirement("F17")
@pytest.mark.requirement("K4")
def test_a_change_after_approval_makes_it_a_draft_again_and_says_which(webinar: Campaign, ana: User) -> None:
    request = agreed(webinar, ana)
    campaigns.move(campaign=webinar, verb="schedule", by=ana, at=AT)
    segment = Segment.objects.get(key=f"{WEBINAR}-audience")
    segment.meaning += " And nobody else."
    definitions.save(segment, by="tests", at=AT)
    # Before anybody has noticed, it starts by nobody's hand either.
    with pytest.raises(campaigns.NotReady, match="not what was approved any more"), transaction.atomic():
        campaigns.move(campaign=webinar, verb="start", by=ana, at=AT)
    assert (staleness.sweep(at=AT), staleness.sweep(at=AT)) == (1, 0)
    webinar.refresh_from_db()
    request.refresh_from_db()
    assert (webinar.state, request.state, webinar.approved_digest) == ("draft", "stale", "")
    assert told(webinar, f"segment {WEBINAR}-audience was changed. It is a draft again.") == 1
    assert starts.keep(at=BEGINS) == 0


@pytest.mark.parametrize("how", ["withdrawn", "expired"])
def test_what_is_not_asked_for_any_more_can_be_edited_again(campaign: Campaign, ana: User, how: str) -> None:
    campaigns.move(campaign=campaign, verb="submit", by=ana, at=AT)
    request = ApprovalRequest.objects.get(subject_kind="campaign")
    if how == "withdrawn":
        verdicts.withdraw(request=request, by=ana, at=AT)
    else:
        assert approval_chores.keep(at=request.expires_at) == 1
    campaign.refresh_from_db()
    request.refresh_from_db()
    assert (campaign.state, request.state) == ("draft", how)


def test_nothing_starts_that_was_not_checked_as_it_is_now(campaign: Campaign, ana: User) -> None:
    with pytest.raises(campaigns.NotReady, match="not what was approved"):
        campaigns.check_agreed(campaign, at=AT)
    assert checking.keep(at=AT) >= 1
    assert checking.keep(at=AT) == 0


@pytest.mark.requirement("S19")
def test_the_database_takes_a_campaigns_approval_for_what_it_covers_only(webinar: Campaign, ana: User) -> None:
    request = agreed(webinar, ana)
    campaigns.move(campaign=webinar, verb="start", by=ana, at=AT)
    good = Rollout.objects.filter(approval=request).first()
    assert good is not None
    assert good.release is not None
    other = Rollout.objects.filter(version__workflow__key="demo-request-nurture").first()
    assert other is not None
    assert other.release is not None
    assert other.release.risk != "low"
    said = {"started_at": AT, "started_by": ana, "approval": request}
    with pytest.raises(IntegrityError, match="nobody's word"), transaction.atomic():
        Rollout.objects.create(version=other.version, release=other.release, **said)
    changed = good.release
    changed.pk, changed.number, changed.digest = None, 99, "f" * 64
    changed.manifest = [[kind, key, "f" * 64] for kind, key, _ in changed.manifest]
    changed.save(force_insert=True)
    with pytest.raises(IntegrityError, match="nobody's word"), transaction.atomic():
        Rollout.objects.create(version=Version.objects.get(pk=good.version_id), release=changed, **said)


@pytest.mark.requirement("D2", "S19")
def test_after_a_long_pause_it_goes_on_once_it_is_agreed_to_again(webinar: Campaign, ana: User, client: Client) -> None:
    agreed(webinar, ana)
    campaigns.move(campaign=webinar, verb="start", by=ana, at=AT)
    campaigns.move(campaign=webinar, verb="pause", by=ana, at=AT)
    with pytest.raises(CannotAsk, match="is approved as it is"):
        campaigns.move(campaign=webinar, verb="renew", by=ana, at=AT + timedelta(days=29))
    later = AT + timedelta(days=31)
    assert approval_chores.keep(at=later) == 0
    with pytest.raises(campaigns.NotReady, match="ask for approval again"):
        campaigns.move(campaign=webinar, verb="resume", by=ana, at=later)
    client.force_login(ana)
    with time_machine.travel(later, tick=False):
        shown = client.get(f"/campaigns/{webinar.key}/").content.decode()
        assert "What was agreed to has run out" in shown
        assert ('value="renew"' in shown, 'value="resume"' in shown) == (True, False)
    campaigns.move(campaign=webinar, verb="renew", by=ana, at=later)
    request = ApprovalRequest.objects.get(subject_kind="campaign", state="open")
    for name in ("ben", "kai"):
        request = verdicts.decide(request=request, verdict="approve", by=User.objects.get(username=name), at=later)
    webinar.refresh_from_db()
    assert (webinar.state, webinar.approved_digest) == ("paused", request.digest)
    campaigns.move(campaign=webinar, verb="resume", by=ana, at=later)
    assert are_live(webinar) == {True}
    assert Rollout.objects.filter(started_by=ana).latest("pk").approval == request
