"""How a version goes live; nothing else may turn the switch."""

from datetime import datetime

from django.db import transaction

from campaigns.models import Rollout
from martechops.audit import entries
from martechops.people.models import User
from workflows.actions import activations
from workflows.models import Version, Workflow

#: This version may not go live; the message says why. Raised by what takes one live.
CannotActivate = activations.CannotActivate


@transaction.atomic
def switch_over(*, version: Version, by: User | str, at: datetime, note: str = "") -> Rollout:
    """Take a version live for everyone at once. Raises `CannotActivate`."""
    rollout = Rollout.objects.create(
        version=version, started_at=at, started_by=by if isinstance(by, User) else None, note=note
    )
    entries.record(
        action="rollout.switch_over",
        object_kind="rollout",
        object_key=str(rollout.pk),
        by=by,
        at=at,
        detail={"version": str(version), "digest": version.digest, "note": note},
    )
    activations.activate(version=version, by=by, at=at)
    return rollout


def switch_off(*, workflow: Workflow, by: User | str, at: datetime) -> Version | None:
    """Take a workflow off: nobody enters it any more, who is on the way finishes. The version that was live, if any."""
    ended = activations.deactivate(workflow=workflow, by=by, at=at)
    return ended.version if ended else None
