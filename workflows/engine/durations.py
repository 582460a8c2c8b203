"""Spans of time as people write them: `30 minutes`, `2 days`, `1 business day`."""

import re
from datetime import datetime, timedelta

from martechops.lib.frozen import dataclass

from .business_time import Calendar

_UNITS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_USUAL = Calendar()
_WRITTEN = re.compile(r"(\d{1,5}) (business )?(second|minute|hour|day|week)s?")


class BadDuration(ValueError):
    """Not a span of time as people write it here."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A span as it was written."""

    amount: int
    unit: str
    #: Days and hours can be: those on which somebody works.
    business: bool = False

    def after(self, start: datetime, calendar: Calendar = _USUAL) -> datetime:
        """The instant this long after another; business time by the calendar.

        >>> from datetime import UTC
        >>> parse("1 business day").after(datetime(2026, 11, 20, 15, tzinfo=UTC)).isoformat()  # a Friday
        '2026-11-23T15:00:00+00:00'
        """
        if not self.business:
            return start + self.amount * _UNITS[self.unit]
        if self.unit == "day":
            return calendar.days_after(start, self.amount)
        return calendar.hours_after(start, timedelta(hours=self.amount))

    def before(self, end: datetime, calendar: Calendar = _USUAL) -> datetime:
        """The instant this long before another."""
        if not self.business:
            return end - self.amount * _UNITS[self.unit]
        if self.unit == "day":
            return calendar.days_before(end, self.amount)
        return calendar.hours_before(end, timedelta(hours=self.amount))

    def __str__(self) -> str:
        business = "business " if self.business else ""
        return f"{self.amount} {business}{self.unit}{'' if self.amount == 1 else 's'}"


def parse(text: object) -> Duration:
    """Raises `BadDuration` with what may be written instead.

    >>> str(parse("30 minutes"))
    '30 minutes'
    """
    found = _WRITTEN.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found:
        raise BadDuration(f"{text!r} is not a span of time; write it as `30 minutes`, `2 days` or `1 business day`")
    business = bool(found[2])
    if business and found[3] not in ("day", "hour"):
        raise BadDuration(f"{text!r}: only days and hours can be business time")
    return Duration(amount=int(found[1]), unit=found[3], business=business)
