"""Cron expressions in a time zone: read, said, and asked when they are due next."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from martechops.lib.frozen import dataclass

from .business_time import instant, is_zone

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: Field → (least, most, names and what they stand for).
_FIELDS: tuple[tuple[str, int, int, Mapping[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: i for i, name in enumerate(_MONTHS, 1)}),
    ("day of the week", 0, 7, {name: i for i, name in enumerate(_DAYS)}),
)
#: A year that repeats 29 February on each day of the week within it: 28 years, and 12 for a century without one.
_FURTHEST_DAYS = 366 * 40


class BadSchedule(ValueError):
    """Not a schedule; the message says what may be written."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Minutes, hours and days on which something is due, by the clock of one zone."""

    text: str
    timezone: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    #: Sunday is 0.
    weekdays: frozenset[int]
    #: Day of the month and day of the week both say something: either will do, as in every cron.
    either_day: bool

    def next_after(self, at: datetime) -> datetime | None:
        """The first instant after another at which it is due, in UTC; None where it never is (30 February).

        An hour that the clock leaps over counts at the instant of the leap; one that it shows twice counts once.

        >>> from datetime import UTC
        >>> berlin = parse("30 2 * * *", timezone="Europe/Berlin")
        >>> berlin.next_after(datetime(2026, 3, 28, 12, tzinfo=UTC)).isoformat()  # 02:30 is leapt over
        '2026-03-29T01:00:00+00:00'
        """
        zone = ZoneInfo(self.timezone)
        day = at.astimezone(zone).date()
        for _ in range(_FURTHEST_DAYS):
            if self._is_due_on(day):
                for hour in self.hours:
                    for minute in self.minutes:
                        due = instant(day, time(hour, minute), zone)
                        if due > at:
                            return due
            day += timedelta(days=1)
        return None

    def says(self) -> str:
        """In words, as far as that is shorter than the expression.

        >>> parse("0 9 * * mon-fri", timezone="Europe/Berlin").says()
        'At 09:00 on mon-fri (Europe/Berlin)'
        >>> parse("*/5 * * * *", timezone="UTC").says()
        'On schedule */5 * * * * (UTC)'
        """
        minute, hour, day, month, weekday = self.text.split()
        if not (minute.isdigit() and hour.isdigit() and day == month == "*"):
            return f"On schedule {self.text} ({self.timezone})"
        on = "every day" if weekday == "*" else f"on {weekday}"
        return f"At {int(hour):02}:{int(minute):02} {on} ({self.timezone})"

    def _is_due_on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_month, by_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_month or by_week if self.either_day else by_month and by_week


def parse(text: object, *, timezone: str = "UTC") -> Schedule:
    """Raises `BadSchedule`."""
    parts = text.lower().split() if isinstance(text, str) else []
    if len(parts) != len(_FIELDS):
        raise BadSchedule(f"{text!r} is no schedule; write minute, hour, day, month and weekday: `0 9 * * mon-fri`")
    if not is_zone(timezone):
        raise BadSchedule(f"{timezone!r} is no time zone; write it as Europe/Berlin")
    minutes, hours, days, months, weekdays = (_numbers(part, *row) for part, row in zip(parts, _FIELDS, strict=True))
    return Schedule(
        text=" ".join(parts),
        timezone=timezone,
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=days,
        months=months,
        weekdays=frozenset(day % 7 for day in weekdays),
        either_day=not parts[2].startswith("*") and not parts[4].startswith("*"),
    )


def _numbers(text: str, name: str, least: int, most: int, names: Mapping[str, int]) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step_text = part.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            low, high = least, most if most != 7 else 6
        else:
            low = _number(first, name, least, most, names)
            high = _number(last, name, least, most, names) if dash else (most if slash else low)
        step = _number(step_text, name, 1, most, {}) if slash else 1
        if low > high:
            raise BadSchedule(f"{part}: a span of {name} runs from the smaller to the larger")
        found.update(range(low, high + 1, step))
    return frozenset(found)


def _number(text: str, name: str, least: int, most: int, names: Mapping[str, int]) -> int:
    value = names.get(text, int(text) if text.isascii() and text.isdigit() and len(text) <= 2 else -1)
    if not least <= value <= most:
        raise BadSchedule(f"{text!r} is no {name}; it goes from {least} to {most}")
    return value
