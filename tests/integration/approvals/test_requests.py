"""Who may agree to what, and what comes of it: through actions, and again through the database."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from campaigns.actions import approvals, rollouts, verdicts
from campaigns.actions.approvals import CannotAsk, NotOpen
from campaigns.models import Approval, ApprovalRequest, Delegation, Rollout
from martechops.audit.models import AuditEntry
from martechops.people.models import Role, User
from martechops.people.permissions import NotAllowed
from workflows.actions.reviews import InReview
from workflows.models import ReviewHold, StepComment, Version

from .conftest import AT, KEY, written

SECTIONS = {"content", "logic", "data", "compliance"}


def approve(request: ApprovalRequest, by: User, **said: object) -> ApprovalRequest:
    return verdicts.decide(request=request, verdict="approve", by=by, at=AT, **said)  # type: ignore[arg-type]


@pytest.mark.requirement("S19", "D2")
def test_high_risk_takes_two_others_for_each_section(request_: ApprovalRequest, ben: User, dan: User) -> None:
    assert request_.risk == "high"
    assert request_.reasons
    assert {need["section"] for need in request_.needs} >= SECTIONS
    assert {need["count"] for need in request_.needs} == {2}
    assert approve(request_, ben).state == "open"
    assert approve(request_, ben).state == "open", "the same person twice is one person"
    assert approve(request_, dan, sections=["logic", "data"]).state == "open"
    assert approve(request_, dan).state == "approved"


@pytest.mark.requirement("S19", "F17")
def test_whoever_wrote_or_asked_does_not_agree(request_: ApprovalRequest, ana: User, ben: User, dan: User) -> None:
    """Ana has the role; ben has an hour of hers to give."""
    Delegation.objects.create(giver=ana, taker=ben, since=AT, until=AT + timedelta(hours=1))
    Delegation.objects.create(giver=ben, taker=ana, since=AT, until=AT + timedelta(hours=1))
    with pytest.raises(verdicts.Barred):
        approve(request_, ana)
    with pytest.raises(verdicts.Barred):
        approve(request_, ben, on_behalf_of=ana)
    with pytest.raises(verdicts.Barred):
        approve(request_, ana, on_behalf_of=ben)
    assert not Approval.objects.exists()


@pytest.mark.requirement("F17", "S19")
def test_database_refuses_what_the_actions_would(request_: ApprovalRequest, ana: User, ben: User, dan: User) -> None:
    def row(user: User, **said: object) -> Approval:
        plain = {"section": "logic", "digest": request_.digest, "verdict": "approve", "at": AT}
        return Approval(request=request_, user=user, **plain | said)

    def refused(write: object, says: str) -> None:
        with pytest.raises(IntegrityError, match=says), transaction.atomic():
            write()  # type: ignore[operator]

    refused(row(ana).save, "nobody approves what they wrote")
    refused(row(ben, delegated_from=ana).save, "nobody approves what they wrote")
    refused(row(ben, digest="0" * 64).save, "not open at that digest")
    asked = ApprovalRequest.objects.filter(pk=request_.pk)
    refused(lambda: asked.update(state="approved"), "lacks approvals")
    refused(lambda: asked.update(digest="0" * 64), "never changes")
    refused(lambda: asked.update(barred=[]), "never changes")
    refused(lambda: asked.update(needs=[]), "never changes")
    approve(request_, ben)
    refused(lambda: Approval.objects.all().delete(), "never changes")
    refused(row(ben).save, "approval_once")
    release = request_.release
    assert release is not None
    plain = {"version": release.version, "release": release, "started_at": AT, "started_by": ana}
    refused(lambda: Rollout.objects.create(**plain), "nobody's word")
    refused(lambda: Rollout.objects.create(**plain, approval=request_), "nobody's word")


@pytest.mark.requirement("D2")
def test_takes_the_role_and_the_team_that_is_named(ana: User, ben: User, dan: User, cy: User) -> None:
    """The demo's file names marketing ops and sales ops; ben is of the e-mail team."""
    first = Version.objects.get(workflow__key=KEY, number=1)
    request = approvals.ask_for_version(version=first, by=ana, at=AT)
    with pytest.raises(NotAllowed, match="role"):
        approve(request, cy)
    with pytest.raises(NotAllowed, match="marketing-ops and sales-ops"):
        approve(request, ben)
    dan.roles = [Role.MARKETER]
    dan.save()
    with pytest.raises(NotAllowed, match="role"):
        approve(request, dan)
    dan.roles = [Role.APPROVER]
    dan.save()
    assert approve(request, dan).state == "open"


def test_delegate_speaks_for_one_and_two_of_one_are_one(request_: ApprovalRequest, ben: User, dan: User) -> None:
    with pytest.raises(NotAllowed, match="not asked you"):
        approve(request_, dan, on_behalf_of=ben)
    Delegation.objects.create(giver=ben, taker=dan, since=AT, until=AT + timedelta(hours=1))
    assert approve(request_, dan, on_behalf_of=ben).state == "open"
    assert approve(request_, ben).state == "open", "his word was given already"


@pytest.mark.requirement("D3")
def test_asking_for_changes_says_so_at_the_step_and_frees_the_draft(
    request_: ApprovalRequest, ana: User, ben: User
) -> None:
    with pytest.raises(ValidationError):
        verdicts.decide(request=request_, verdict="ask", by=ben, at=AT)
    asked = verdicts.decide(
        request=request_, verdict="ask", by=ben, at=AT, comment="Too often.", step="welcome", sections=["logic"]
    )
    assert (asked.state, asked.because) == ("changes", "Too often.")
    assert StepComment.objects.get(step="welcome").author == ben
    assert not ReviewHold.objects.exists()
    with pytest.raises(NotOpen):
        approve(request_, ben)
    written(ana, name="Less often")


@pytest.mark.requirement("D2", "S19")
def test_people_take_live_what_is_approved_and_nothing_else(
    request_: ApprovalRequest, ana: User, ben: User, dan: User
) -> None:
    assert request_.release is not None
    version = request_.release.version
    with pytest.raises(rollouts.NotApproved):
        rollouts.switch_over(version=version, by=ana, at=AT)
    approve(request_, ben)
    approved = approve(request_, dan)
    rollout = rollouts.switch_over(version=version, by=ana, at=AT)
    assert (rollout.approval, rollout.release) == (approved, request_.release)
    entry = AuditEntry.objects.filter(action="rollout.switch_over").latest("number")
    assert entry.detail["request"] == approved.pk


def test_approval_that_ran_out_takes_nothing_live(request_: ApprovalRequest, ana: User, ben: User, dan: User) -> None:
    approve(request_, ben)
    approve(request_, dan)
    assert request_.release is not None
    with pytest.raises(rollouts.NotApproved):
        rollouts.switch_over(version=request_.release.version, by=ana, at=AT + timedelta(days=31))
    with pytest.raises(rollouts.NotApproved):
        rollouts.switch_over(version=request_.release.version, by=ana, at=AT + timedelta(days=31))


@pytest.mark.requirement("D2")
def test_low_risk_takes_nobody(ana: User) -> None:
    low = next(
        release
        for release in (
            approvals.releases.make(version=version, by="tests", at=AT)
            for version in Version.objects.exclude(activations=None).filter(activations__until=None)
        )
        if release.risk == "low"
    )
    ana.teams.add(low.workflow.owner)
    request = approvals.ask_for_version(version=low.version, by=ana, at=AT)
    if not request.needs:
        assert request.state == "approved"
        rollouts.switch_over(version=low.version, by=ana, at=AT)


def test_only_one_request_at_a_time_and_withdrawn_it_is_free(request_: ApprovalRequest, ana: User, cy: User) -> None:
    assert request_.release is not None
    with pytest.raises(InReview):
        approvals.ask_for_version(version=request_.release.version, by=ana, at=AT)
    with pytest.raises(NotAllowed):
        approvals.withdraw(request=request_, by=cy, at=AT)
    approvals.withdraw(request=request_, by=ana, at=AT)
    again = approvals.ask_for_version(version=request_.release.version, by=ana, at=AT)
    assert (again.digest, again.pk == request_.pk) == (request_.digest, False)
    approvals.withdraw(request=again, by=ana, at=AT)
    with pytest.raises(CannotAsk, match="future"):
        approvals.ask_for_version(version=request_.release.version, by=ana, at=AT, go_live_at=AT)


def test_stranger_asks_for_nothing(cy: User, demo: None) -> None:
    version = Version.objects.get(workflow__key=KEY, activations__until=None)
    with pytest.raises(NotAllowed):
        approvals.ask_for_version(version=version, by=cy, at=AT)


@pytest.mark.requirement("D2", "S19")
def test_who_takes_a_team_off_the_file_needs_its_word(ana: User, ben: User) -> None:
    """The demo's first version names two teams; ana's names none."""
    rollouts.switch_over(version=Version.objects.get(workflow__key=KEY, number=1), by="tests", at=AT)
    request = approvals.ask_for_version(version=written(ana), by=ana, at=AT)
    assert {tuple(need["teams"]) for need in request.needs} == {("marketing-ops", "sales-ops")}
    with pytest.raises(NotAllowed, match="marketing-ops and sales-ops"):
        approve(request, ben)
