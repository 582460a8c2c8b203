"""How a version goes live; nothing else may turn the switch."""

from datetime import datetime

from django.db import transaction

from campaigns.models import Rollout
from martechops.audit import entries
from martechops.people.models import User
from workflows.actions import activations
from workflows.models import Version


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
