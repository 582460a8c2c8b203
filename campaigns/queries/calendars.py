"""Launches on a calendar: what runs on which day of a month."""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.db.models import Q
from django.db.models.functions import Coalesce

from campaigns.models import Campaign


@dataclass(frozen=True, slots=True)
class Entry:
    """One campaign on one day."""

    campaign: Campaign
    starts: bool
    ends: bool


@dataclass(frozen=True, slots=True)
class Day:
    """One square."""

    date: date
    #: Of the month that is shown, not of the weeks around it.
    is_inside: bool
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """A month in weeks that begin on Monday."""

    first: date
    weeks: tuple[tuple[Day, ...], ...]

    @property
    def before(self) -> str:
        """As the address of the month before has it: 2026-11."""
        return f"{self.first - timedelta(days=1):%Y-%m}"

    @property
    def after(self) -> str:
        return f"{self.first + timedelta(days=32):%Y-%m}"


def month_of(text: str, *, today: date) -> date:
    """
    >>> month_of("2026-11", today=date(2026, 1, 5)), month_of("soon", today=date(2026, 1, 5))
    (datetime.date(2026, 11, 1), datetime.date(2026, 1, 1))
    """
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        found = today.replace(day=1)
    return found if 1970 <= found.year <= 2200 else today.replace(day=1)


def month(first: date, *, zone: tzinfo) -> Month:
    """By the clock of who looks. One query."""
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    begin, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (weeks[0][0], weeks[-1][-1]))
    rows = Campaign.objects.exclude(state="cancelled").annotate(over_at=Coalesce("ended_at", "ends_at", "starts_at"))
    inside = Q(starts_at__lt=end + timedelta(days=1), over_at__gte=begin)
    found = list(rows.filter(inside).order_by("starts_at", "pk")[:300])
    spans = [(row, _day(row.starts_at, zone), _day(row.over_at, zone)) for row in found]
    return Month(
        first,
        tuple(
            tuple(
                Day(
                    day,
                    day.month == first.month,
                    tuple(Entry(row, day == start, day == over) for row, start, over in spans if start <= day <= over),
                )
                for day in week
            )
            for week in weeks
        ),
    )


def _day(at: datetime | None, zone: tzinfo) -> date:
    assert at is not None  # what has no start is not found
    return at.astimezone(zone).date()
