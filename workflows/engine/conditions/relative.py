"""Dates that move with the clock: `{$gte: {days_ago: 30}}`.

Dates and instants are compared in the one form that fields hold them in: `2026-11-22`, or `2026-11-22T09:30:00+00:00`
in UTC. In that form the order of the texts is the order of time, here and in the database alike.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from martechops.lib.frozen import dataclass

#: name → (what one of it is, which way, what follows the number in words). More than this is a date, not a distance.
UNITS: Mapping[str, tuple[timedelta, int, str]] = {
    "hours_ago": (timedelta(hours=1), -1, "hours ago"),
    "days_ago": (timedelta(days=1), -1, "days ago"),
    "days_ahead": (timedelta(days=1), 1, "days from now"),
}
LARGEST = 36_500

#: As Python and PostgreSQL both read them.
DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(\+00:00|Z)$"
_DATE, _INSTANT = re.compile(DATE), re.compile(INSTANT)


class NotADate(ValueError):
    """The value is in neither of the two forms."""


@dataclass(frozen=True, slots=True)
class Distance:
    """So far from now."""

    count: int
    unit: str

    def words(self) -> str:
        """How people say it.

        >>> Distance(30, "days_ago").words(), Distance(1, "days_ahead").words()
        ('30 days ago', '1 day from now')
        """
        words = UNITS[self.unit][2]
        return f"{self.count} {words.replace('s ', ' ', 1) if self.count == 1 else words}"

    def instant(self, now: datetime) -> str:
        """The instant it names, in the form that values are compared in, without its zone.

        >>> Distance(1, "days_ago").instant(datetime(2026, 11, 22, 9, 30, tzinfo=UTC))
        '2026-11-21T09:30:00'
        """
        length, direction, _ = UNITS[self.unit]
        return (now + direction * self.count * length).astimezone(UTC).replace(tzinfo=None).isoformat()


def distance(wanted: Any) -> Distance | None:
    """`{days_ago: 30}` read; None for whatever else."""
    if not isinstance(wanted, Mapping) or len(wanted) != 1:
        return None
    unit, count = next(iter(wanted.items()))
    if unit not in UNITS or isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= LARGEST:
        return None
    return Distance(count=count, unit=unit)


def is_date(value: Any) -> bool:
    """`2026-11-22`, and such a day exists."""
    return isinstance(value, str) and bool(_DATE.fullmatch(value)) and _exists(value)


def is_instant(value: Any) -> bool:
    """`2026-11-22T09:30:00+00:00`, in UTC, and such an instant exists."""
    return isinstance(value, str) and bool(_INSTANT.fullmatch(value)) and _exists(value)


def comparable(actual: Any, *, limit: str) -> tuple[str, str]:
    """A stored date or instant and a limit, cut to what can be compared. Raises `NotADate`."""
    if isinstance(actual, str) and _DATE.fullmatch(actual):
        return actual, limit[:10]
    if isinstance(actual, str) and _INSTANT.fullmatch(actual):
        return actual.removesuffix("Z").removesuffix("+00:00"), limit
    raise NotADate(actual)


def _exists(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
