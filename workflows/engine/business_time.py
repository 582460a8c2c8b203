"""Working time: spans that count only the days and hours on which somebody works, in one zone, holidays left out.

What happens outside working hours counts as having happened at the closing before it. So with hours from nine to five,
one business day after a Saturday ends on Monday at five, and after a Tuesday at eleven on Wednesday at eleven.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays

from martechops.lib.frozen import dataclass

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: As a closing time: the end of the day.
MIDNIGHT = time.max
#: A calendar that is closed for longer is not one that anybody works by.
_FURTHEST_DAYS = 366 * 3

Hours = tuple[tuple[time, time], ...]
_NINE_TO_FIVE: Hours = ((time(9), time(17)),)
_ONWARDS, _BACKWARDS = timedelta(days=1), timedelta(days=-1)


class BadDays(ValueError):
    """Not days of the week as people write them here."""


class BadCalendar(ValueError):
    """Not a calendar; `problems` lists every place with what is wrong there."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{path}: {says}" for path, says in problems))


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a workspace works. Without more said: Monday to Friday, nine to five, in UTC."""

    timezone: str = "UTC"
    #: For each day of the week, Monday first: when it opens and closes, in order; none for a day off.
    hours: tuple[Hours, ...] = (_NINE_TO_FIVE,) * 5 + ((), ())
    #: Whose public holidays are days off, as in ISO 3166: "DE", and within it "BE".
    country: str = ""
    subdivision: str = ""
    #: Further days off, and days that are worked although they would be off.
    closed: frozenset[date] = frozenset()
    open: frozenset[date] = frozenset()
    #: What is worked on `open` days that are no working day of the week.
    _usual: Hours = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_usual", next((hours for hours in self.hours if hours), ()))

    def hours_on(self, day: date) -> Hours:
        """When somebody works on a day.

        >>> Calendar(country="DE").hours_on(date(2026, 12, 25)), Calendar().hours_on(date(2026, 12, 25))
        ((), ((datetime.time(9, 0), datetime.time(17, 0)),))
        """
        if day in self.open:
            return self.hours[day.weekday()] or self._usual
        if day in self.closed or (self.country and day in _holidays(self.country, self.subdivision, day.year)):
            return ()
        return self.hours[day.weekday()]

    def hours_after(self, start: datetime, amount: timedelta) -> datetime:
        """The first instant by which so much working time has passed.

        >>> Calendar().hours_after(datetime(2026, 11, 20, 16, tzinfo=UTC), timedelta(hours=2)).isoformat()  # a Friday
        '2026-11-23T10:00:00+00:00'
        """
        left = amount
        for opens, closes in self._spans(start, _ONWARDS) if amount else ():
            begin = max(opens, start)
            if closes - begin >= left:
                return begin + left
            left -= max(closes - begin, timedelta())
        return start

    def hours_before(self, end: datetime, amount: timedelta) -> datetime:
        """The last instant after which so much working time is left until another."""
        left = amount
        for opens, closes in self._spans(end, _BACKWARDS) if amount else ():
            finish = min(closes, end)
            if finish - opens >= left:
                return finish - left
            left -= max(finish - opens, timedelta())
        return end

    def days_after(self, start: datetime, amount: int) -> datetime:
        """The same time of day, so many working days later; kept within the hours of that day."""
        return self._moved(start, amount, _ONWARDS) if amount else start

    def days_before(self, end: datetime, amount: int) -> datetime:
        """The same time of day, so many working days earlier; outside hours counts as the opening after it."""
        return self._moved(end, amount, _BACKWARDS) if amount else end

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time from one instant to another; none if they are the wrong way round."""
        total = timedelta()
        for opens, closes in self._spans(start, _ONWARDS):
            if opens >= end:
                break
            total += max(min(closes, end) - max(opens, start), timedelta())
        return total

    def _moved(self, start: datetime, amount: int, step: timedelta) -> datetime:
        day, clock = self._standing(start.astimezone(ZoneInfo(self.timezone)), step)
        for _ in range(amount):
            day = self._worked(day + step, step)
        first, last = self.hours_on(day)[0][0], self.hours_on(day)[-1][1]
        edge = last if step.days > 0 else first
        return instant(day, edge if clock is None else max(first, min(clock, last)), ZoneInfo(self.timezone))

    def _standing(self, local: datetime, step: timedelta) -> tuple[date, time | None]:
        """The working day and time of day that an instant counts as; None: the closing, or going back the opening."""
        day, clock, hours = local.date(), local.time(), self.hours_on(local.date())
        if not hours:
            return self._worked(day - step, -step), None
        first, last = hours[0][0], hours[-1][1]
        if first <= clock <= last:
            return day, clock
        is_over = clock > last if step.days > 0 else clock < first
        return (day if is_over else self._worked(day - step, -step)), None

    def _worked(self, day: date, step: timedelta) -> date:
        """The day, or the next one in this direction on which somebody works."""
        for _ in range(_FURTHEST_DAYS):
            if self.hours_on(day):
                return day
            day += step
        raise BadCalendar([("hours", "nobody works for years on end")])

    def _spans(self, start: datetime, step: timedelta) -> Iterator[tuple[datetime, datetime]]:
        """Working spans of the day of an instant and all later ones, or in the other direction all earlier ones."""
        zone = ZoneInfo(self.timezone)
        day = start.astimezone(zone).date()
        while True:
            day = self._worked(day, step)
            found = [(instant(day, opens, zone), instant(day, closes, zone)) for opens, closes in self.hours_on(day)]
            yield from (span for span in found[:: step.days] if span[0] < span[1])
            day += step


def parse_days(written: object) -> frozenset[int]:
    """Days of the week, Monday 0: `mon-fri`, `sat`, or a list of them. Raises `BadDays`.

    >>> sorted(parse_days("mon-fri")), sorted(parse_days(["fri-mon", "wed"]))
    ([0, 1, 2, 3, 4], [0, 2, 4, 5, 6])
    """
    parts = written.split(",") if isinstance(written, str) else written
    if not isinstance(parts, list) or not parts:
        raise BadDays(f"{written!r} names no days; write mon-fri, or a list such as [mon, wed]")
    days: set[int] = set()
    for part in parts:
        first, dash, last = str(part).strip().lower().partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise BadDays(f"{part!r} is no day; the days are {', '.join(DAYS)}, and mon-fri is a span of them")
        begin, end = DAYS.index(first), DAYS.index(last if dash else first)
        days.update((begin + i) % 7 for i in range((end - begin) % 7 + 1))
    return frozenset(days)


def parse_clock(written: object) -> time | None:
    """A time of day such as "09:00", with "24:00" for the end of the day; None for whatever else."""
    try:
        if isinstance(written, str) and len(written) == 5:
            return MIDNIGHT if written == "24:00" else time.fromisoformat(written)
    except ValueError:
        pass
    return None


def parse_calendar(document: Mapping[str, Any]) -> Calendar:
    """Raises `BadCalendar` with every problem at once.

    >>> calendar = parse_calendar({"hours": {"mon-thu": "09:00-17:00", "fri": "09:00-15:00"},
    ...     "timezone": "Europe/Berlin", "country": "DE", "subdivision": "BE", "closed": ["2026-12-24"]})
    >>> calendar.hours_on(date(2026, 11, 20))[0][1].hour, calendar.hours_on(date(2026, 12, 24))
    (15, ())
    """
    problems: list[tuple[str, str]] = []
    for key in sorted(map(str, document.keys() - _CALENDAR)):
        problems.append((key, f"unknown key; known here are {', '.join(sorted(_CALENDAR))}"))
    timezone = document.get("timezone", "UTC")
    if not is_zone(timezone):
        problems.append(("timezone", f"{timezone} is no time zone; write it as Europe/Berlin"))
    country, subdivision = str(document.get("country") or ""), str(document.get("subdivision") or "")
    if country or subdivision:
        problems += _country_problems(country, subdivision)
    calendar = Calendar(
        timezone=str(timezone),
        hours=_hours(document.get("hours"), problems),
        country=country,
        subdivision=subdivision,
        closed=_dates(document, "closed", problems),
        open=_dates(document, "open", problems),
    )
    if problems:
        raise BadCalendar(problems)
    return calendar


_CALENDAR = {"timezone", "hours", "country", "subdivision", "closed", "open"}


def is_zone(name: object) -> bool:
    """Is there a time zone of this name?"""
    try:
        return isinstance(name, str) and bool(ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        return False


def instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """When a clock in the zone first shows this time, in UTC; where it leaps over it, the instant of the leap.

    >>> instant(date(2026, 3, 29), time(2, 30), ZoneInfo("Europe/Berlin")).isoformat()
    '2026-03-29T01:00:00+00:00'
    """
    if clock == MIDNIGHT:
        day, clock = day + timedelta(days=1), time()
    local = datetime.combine(day, clock)
    found = local.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == local:
        return found
    # With the offset from after the leap it comes out before it, so the leap lies between.
    low, high = local.replace(tzinfo=zone, fold=1).astimezone(UTC), found
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        low, high = (low, middle) if middle.astimezone(zone).replace(tzinfo=None) > local else (middle, high)
    return high.replace(microsecond=0)


@lru_cache(maxsize=1_024)
def _holidays(country: str, subdivision: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=year))


@lru_cache(maxsize=1_024)
def _country_problems(country: str, subdivision: str) -> tuple[tuple[str, str], ...]:
    known = holidays.list_supported_countries()
    if country not in known:
        return (("country", f"holidays of {country!r} are not known; write a code such as DE"),)
    if subdivision and subdivision not in known[country]:
        parts = ", ".join(known[country]) or "none"
        return (("subdivision", f"{subdivision!r} is no part of {country}; there are {parts}"),)
    return ()


def _hours(written: object, problems: list[tuple[str, str]]) -> tuple[Hours, ...]:
    if written is None:
        return Calendar().hours
    if not isinstance(written, Mapping) or not written:
        problems.append(("hours", 'must be a mapping such as {mon-fri: "09:00-17:00"}'))
        return ()
    week: list[Hours] = [()] * 7
    for name, spans in written.items():
        try:
            days = parse_days(str(name))
        except BadDays as error:
            problems.append((f"hours.{name}", str(error)))
            continue
        hours = _day_hours(spans)
        if not hours:
            problems.append((f"hours.{name}", 'must be "09:00-17:00", or a list of such spans in order'))
        for day in days:
            week[day] = hours
    return tuple(week)


def _day_hours(written: object) -> Hours:
    """In order and apart from each other; none for what cannot be read."""
    found: list[tuple[time, time]] = []
    for span in written if isinstance(written, list) else [written]:
        opens, _, closes = str(span).partition("-")
        begin, end = parse_clock(opens.strip()), parse_clock(closes.strip())
        if begin is None or end is None or begin >= end or (found and found[-1][1] > begin):
            return ()
        found.append((begin, end))
    return tuple(found)


def _dates(document: Mapping[str, Any], key: str, problems: list[tuple[str, str]]) -> frozenset[date]:
    found: set[date] = set()
    dates = document.get(key) or []
    if not isinstance(dates, list):
        problems.append((key, "must be a list of dates"))
        return frozenset()
    for written in dates:
        try:
            found.add(written if type(written) is date else date.fromisoformat(written))
        except (TypeError, ValueError):
            problems.append((key, f"{written!r} is no date; write it as 2026-12-24"))
    return frozenset(found)
