"""Notices are seen by somebody of the team that they are for."""

from datetime import datetime

from django.db import transaction

from martechops.audit import entries
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.models import Notice


@transaction.atomic
def see(*, notice: Notice, by: User, at: datetime) -> None:
    """Somebody of the team knows of it now; who was first stays. Raises NotAllowed."""
    notice = Notice.objects.select_for_update(of=("self",)).get(pk=notice.pk)
    check_may(by, "notices.see", notice)
    if notice.seen_at is not None:
        return
    notice.seen_by, notice.seen_at = by, at
    notice.save()
    entries.record(
        action="notice.see", object_kind="notice", object_key=str(notice.pk), by=by, at=at, detail={"of": notice.label}
    )
