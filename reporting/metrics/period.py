"""Days from one to another, in the time zone of the workspace, and the spans that they are told apart by.

>>> from datetime import date
>>> november = Period(date(2026, 11, 1), date(2026, 12, 1))
>>> november.former
Period(since=datetime.date(2026, 10, 2), until=datetime.date(2026, 11, 1))
>>> [day.isoformat() for day in november.buckets(Grain.WEEK)][:2]
['2026-10-26', '2026-11-02']
"""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum

from martechops.lib.frozen import dataclass


class Grain(StrEnum):
    """Spans of a series. Weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def start(self, day: date) -> date:
        """The first day of the span that a day is in."""
        if self is Grain.WEEK:
            return day - timedelta(days=day.weekday())
        return day.replace(day=1) if self is Grain.MONTH else day

    def next(self, start: date) -> date:
        """The first day of the span after."""
        if self is Grain.MONTH:
            return (start.replace(day=1) + timedelta(days=32)).replace(day=1)
        return start + timedelta(days=7 if self is Grain.WEEK else 1)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, the last one not included."""

    since: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days

    @property
    def former(self) -> "Period":
        """As many days, right before."""
        return Period(self.since - timedelta(days=self.days), self.since)

    @property
    def last(self) -> date:
        """The last day that counts."""
        return self.until - timedelta(days=1)

    def buckets(self, grain: Grain) -> Iterator[date]:
        """The first day of each span; that of the first one may lie before the period."""
        start = grain.start(self.since)
        while start < self.until:
            yield start
            start = grain.next(start)
