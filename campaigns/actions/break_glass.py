"""Going live without the approvals, in an emergency: with a reason, in the log, and told to everybody (FAULTS S19)."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from campaigns.actions import letters, releases, rollouts
from campaigns.models import BreakGlass, Rollout
from martechops.audit import entries
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.models import Version, Workflow

#: A reason shorter than this says nothing.
SHORTEST = 20


@transaction.atomic
def take_live(*, version: Version, by: User, at: datetime, reason: str) -> Rollout:
    """Take a version live at once, whoever has agreed to it. Raises ValidationError without a reason, NotAllowed, and
    `CannotActivate`.
    """
    check_may(by, "approvals.break-glass")
    if len(reason.strip()) < SHORTEST:
        raise ValidationError({"reason": f"Say why it cannot wait, in at least {SHORTEST} letters."})
    Workflow.objects.select_for_update().get(pk=version.workflow_id)
    try:
        release = releases.current(version=version, by=by, at=at)
    except releases.CannotRelease as error:
        raise rollouts.CannotActivate(str(error).rstrip(".")) from None
    broken = BreakGlass.objects.create(release=release, reason=reason.strip(), by=by, at=at)
    rollout = rollouts.switch_over(version=version, by=by, at=at, note=reason.strip(), break_glass=broken)
    letters.glass_was_broken(broken, at=at)
    entries.record(
        action="approval.break_glass",
        object_kind="release",
        object_key=str(release),
        by=by,
        at=at,
        detail={"version": str(version), "digest": release.digest, "reason": reason.strip()},
    )
    return rollout
