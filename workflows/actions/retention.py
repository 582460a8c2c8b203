"""How long things are kept, as an admin says it."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from martechops.audit import entries
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.models import RetentionPolicy
from workflows.queries import retention

#: What came in today is not removed tonight by a slip.
LEAST_DAYS, MOST_DAYS = 7, 36_500


@transaction.atomic
def keep(*, kind: str, days: int | None, by: User | str, at: datetime) -> RetentionPolicy:
    """Keep rows of a kind for so many days, or for ever (None), from the next night on.

    Raises NotAllowed, and ValidationError for what is no kind and no number of days.
    """
    if isinstance(by, User):
        check_may(by, "retention.manage")
    if kind not in retention.KINDS:
        raise ValidationError({"kind": f"There is no kind of row {kind}."})
    if days is not None and not LEAST_DAYS <= days <= MOST_DAYS:
        raise ValidationError({"keep_days": f"Keep them for at least {LEAST_DAYS} days, or for ever."})
    row = RetentionPolicy.objects.select_for_update().filter(pk=kind).first() or RetentionPolicy(kind=kind)
    was, row.keep_days, row.cleared_before, row.changed_at = row.keep_days, days, None, at
    row.save()
    detail = {"from_days": was, "to_days": days}
    entries.record(action="retention.keep", object_kind="retention", object_key=kind, by=by, at=at, detail=detail)
    return row
