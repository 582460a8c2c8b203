"""How a version goes live; nothing else may turn the switch."""

from datetime import datetime

from django.db import transaction

from campaigns import policies
from campaigns.actions import approvals, releases
from campaigns.models import ApprovalRequest, BreakGlass, Campaign, Release, Rollout
from campaigns.queries import approval_subjects, checklists
from martechops.audit import entries
from martechops.people.models import User
from workflows.actions import activations
from workflows.models import Version, Workflow

#: This version may not go live; the message says why. Raised by what takes one live.
CannotActivate = activations.CannotActivate


class NotReady(CannotActivate):
    """A check that blocks has failed for exactly this, or a person has not signed; the message says which first."""


class NotApproved(CannotActivate):
    """People take live only what others have agreed to, as it is now; the message says what is missing."""


@transaction.atomic
def switch_over(
    *,
    version: Version,
    by: User | str,
    at: datetime,
    note: str = "",
    campaign: Campaign | None = None,
    break_glass: BreakGlass | None = None,
) -> Rollout:
    """Take a version live for everyone at once.

    A person needs the approval that its risk asks for, at the digest that it has now: of the release, or of the
    campaign that it goes live with. A part of the system, which loads what was approved elsewhere, is not asked; the
    audit log names it. Raises `CannotActivate` and `NotApproved`.
    """
    workflow = Workflow.objects.select_for_update().get(pk=version.workflow_id)
    activations.check(version, workflow)
    entries.hold_back_others()
    release = releases.current(version=version, by=by, at=at)
    approval = None
    if isinstance(by, User) and break_glass is None:
        approval = _agreed(release, campaign, at)
    rollout = Rollout.objects.create(
        version=version,
        started_at=at,
        started_by=by if isinstance(by, User) else None,
        note=note,
        release=release,
        approval=approval,
        break_glass=break_glass,
    )
    entries.record(
        action="rollout.switch_over",
        object_kind="rollout",
        object_key=str(rollout.pk),
        by=by,
        at=at,
        detail={
            "version": str(version),
            "release": str(release),
            "digest": release.digest,
            "request": approval.pk if approval else None,
            "break_glass": break_glass.pk if break_glass else None,
            "note": note,
        },
    )
    activations.activate(version=version, by=by, at=at)
    return rollout


def _agreed(release: Release, campaign: Campaign | None, at: datetime) -> ApprovalRequest | None:
    """The approval in force; None where nobody is needed. Raises NotApproved."""
    key = approval_subjects.key_of_release(release)
    if against := checklists.stands_against("release", key, digest=release.digest):
        raise NotReady(f"{release.version} does not pass its checks: {against[0]}")
    if approval := approvals.in_force(kind="release", key=key, digest=release.digest, at=at):
        return approval
    if campaign is not None and (approval := _agreed_with(campaign, release, at)):
        return approval
    subject = approval_subjects.current("release", key)
    teams = subject.teams if subject else ()
    if not policies.needs(risk=release.risk, sections=["logic"], teams=teams):
        return None
    raise NotApproved(
        f"{release.version} is of {release.risk} risk, and nobody has approved it as it is now: ask for approval first"
    )


def _agreed_with(campaign: Campaign, release: Release, at: datetime) -> ApprovalRequest | None:
    subject = approval_subjects.current("campaign", campaign.key)
    if subject is None or release.version_id not in subject.versions:
        return None
    return approvals.in_force(kind="campaign", key=campaign.key, digest=subject.manifest.digest, at=at)


def switch_off(*, workflow: Workflow, by: User | str, at: datetime) -> Version | None:
    """Take a workflow off: nobody enters it any more, who is on the way finishes. The version that was live, if any."""
    ended = activations.deactivate(workflow=workflow, by=by, at=at)
    return ended.version if ended else None
