"""Letting somebody else give one's word for a time, and taking that back."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from campaigns.models import Delegation
from martechops.audit import entries
from martechops.people.models import Role, User
from martechops.people.permissions import NotAllowed, check_may


@transaction.atomic
def give(*, to: User, since: datetime, until: datetime, by: User, at: datetime, reason: str = "") -> Delegation:
    """From `since` to `until` that approver may answer in the place of `by`. Raises ValidationError, NotAllowed."""
    check_may(by, "approvals.decide")
    if not to.is_active or not to.has_role(Role.APPROVER):
        raise ValidationError({"taker": "Choose somebody who may approve."})
    if until <= at:
        raise ValidationError({"until": "That is over already."})
    row = Delegation(giver=by, taker=to, since=since, until=until, reason=reason.strip())
    row.full_clean()
    row.save()
    _record("delegation.give", row, by=by, at=at)
    return row


@transaction.atomic
def end(*, delegation: Delegation, by: User, at: datetime) -> Delegation:
    """From now on nobody answers in their place. Raises NotAllowed for anybody else's."""
    row = Delegation.objects.select_for_update().get(pk=delegation.pk)
    if row.giver_id != by.pk:
        raise NotAllowed("Only who gave it takes it back.")
    if row.until > at:
        row.until = max(at, row.since)
        row.save()
        _record("delegation.end", row, by=by, at=at)
    return row


def _record(action: str, row: Delegation, *, by: User, at: datetime) -> None:
    detail = {"since": row.since.isoformat(), "until": row.until.isoformat(), "reason": row.reason}
    entries.record(action=action, object_kind="delegation", object_key=row.taker.username, by=by, at=at, detail=detail)
