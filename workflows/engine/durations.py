"""Spans of time as people write them: `30 minutes`, `2 days`, `1 business day`."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

_UNITS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_WRITTEN = re.compile(r"(\d{1,5}) (business )?(second|minute|hour|day|week)s?")


class BadDuration(ValueError):
    """Not a span of time as people write it here."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A span as it was written."""

    amount: int
    unit: str
    #: Only days can be: Monday to Friday.
    business: bool = False

    def after(self, start: datetime) -> datetime:
        """The instant this long after another.

        A business day ends at the same time of day on the next working day, weekends left out:

        >>> from datetime import UTC
        >>> parse("1 business day").after(datetime(2026, 11, 20, 15, tzinfo=UTC)).isoformat()  # a Friday
        '2026-11-23T15:00:00+00:00'
        """
        if not self.business:
            return start + self.amount * _UNITS[self.unit]
        end = start
        for _ in range(self.amount):
            end += timedelta(days=1)
            while end.weekday() > 4:
                end += timedelta(days=1)
        return end

    def before(self, end: datetime) -> datetime:
        """The instant this long before another, by the clock."""
        return end - self.amount * _UNITS[self.unit]

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
