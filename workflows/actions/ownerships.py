"""Which team answers for which stage, and when it may change what belongs to it (requirements G1, I1)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from martechops.audit import entries
from martechops.people.models import Team, User
from martechops.people.permissions import check_may
from workflows.engine import ownership
from workflows.models import StageOwnership


@transaction.atomic
def assign(
    *, stage: str, team: Team, duty: str, by: User | str, at: datetime, window: Mapping[str, Any] | None = None
) -> StageOwnership:
    """Make a team answer for a stage, or change how it does. Raises ValidationError and NotAllowed."""
    _check(by)
    row = StageOwnership.objects.select_for_update().filter(stage=stage, team=team).first()
    row = row or StageOwnership(stage=stage, team=team)
    row.duty, row.window = duty, {name: value for name, value in (window or {}).items() if value}
    try:
        ownership.check(row.window)
    except ownership.BadWindow as error:
        raise ValidationError({"window": str(error)}) from None
    row.full_clean()
    row.save()
    _record("ownership.assign", row, by=by, at=at)
    return row


@transaction.atomic
def withdraw(*, row: StageOwnership, by: User | str, at: datetime) -> None:
    """The team does not answer for the stage any more. Raises NotAllowed."""
    _check(by)
    _record("ownership.withdraw", row, by=by, at=at)
    row.delete()


def _check(by: User | str) -> None:
    if isinstance(by, User):
        check_may(by, "ownership.manage")


def _record(action: str, row: StageOwnership, *, by: User | str, at: datetime) -> None:
    entries.record(
        action=action,
        object_kind="ownership",
        object_key=f"{row.stage}/{row.team.key}",
        by=by,
        at=at,
        detail={"duty": row.duty, "window": row.window},
    )
