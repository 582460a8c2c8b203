"""When the workspace works, as ops writes it."""

from datetime import datetime

from django.db import transaction

from martechops.audit import entries
from martechops.lib import history
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.models import WorkCalendar

#: There is one: its name in files and in the audit log.
KEY = "work"
#: What is written of it, besides its owner.
PARTS = ("timezone", "hours", "country", "subdivision", "closed", "open")


@transaction.atomic
def save(row: WorkCalendar, *, by: User | str, at: datetime) -> WorkCalendar:
    """The calendar as it is to be. Raises NotAllowed, and ValidationError where nobody could count by it."""
    if isinstance(by, User):
        check_may(by, "definitions.edit", row)
    row.full_clean()
    history.sign(row, by=by)
    row.save()
    detail = {part: getattr(row, part) for part in PARTS}
    entries.record(action="calendar.edit", object_kind="calendar", object_key=KEY, by=by, at=at, detail=detail)
    return row


@transaction.atomic
def remove(row: WorkCalendar, *, by: User | str, at: datetime) -> None:
    """From then on it is Monday to Friday from nine to five in UTC. Raises NotAllowed."""
    if isinstance(by, User):
        check_may(by, "definitions.edit", row)
    history.sign(row, by=by)
    row.delete()
    entries.record(action="calendar.remove", object_kind="calendar", object_key=KEY, by=by, at=at)
