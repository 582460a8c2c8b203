"""The calendar that spans in business time are counted by."""

import structlog

from workflows.engine.business_time import BadCalendar, Calendar
from workflows.models import WorkCalendar

log = structlog.get_logger()


def calendar() -> Calendar:
    """The workspace's, or the usual one where there is none or it cannot be read. One query."""
    row = WorkCalendar.objects.first()
    try:
        return row.calendar() if row else Calendar()
    except BadCalendar as error:  # written past the check
        log.error("calendar_cannot_be_used", problems=[place for place, _ in error.problems])
        return Calendar()
