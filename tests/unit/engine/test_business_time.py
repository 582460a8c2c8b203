"""Working time: held to a clock that is stepped minute by minute, in zones with odd offsets and across their leaps."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.engine.business_time import (
    BadCalendar,
    BadDays,
    Calendar,
    instant,
    parse_calendar,
    parse_days,
)
from workflows.engine.durations import parse
from workflows.engine.spec import Window
from workflows.engine.windows import next_opening

MINUTE = timedelta(minutes=1)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia")
NINE_TO_FIVE = ((time(9), time(17)),)
WEEKS = (
    (NINE_TO_FIVE,) * 5 + ((), ()),
    (((time(8), time(12)), (time(13, 30), time(18))),) * 4 + (((time(8), time(12)),), (), ()),
    ((), (), ((time(6), time(22)),), (), (), NINE_TO_FIVE, ()),
)
calendars = st.builds(
    Calendar,
    timezone=st.sampled_from(ZONES),
    hours=st.sampled_from(WEEKS),
    country=st.sampled_from(("", "DE")),
    closed=st.frozensets(st.dates(date(2026, 3, 1), date(2026, 4, 30)), max_size=3),
    open=st.frozensets(st.dates(date(2026, 3, 1), date(2026, 4, 30)), max_size=2),
)
#: Around the leaps of March and April, and Easter.
minutes = st.integers(0, 46 * 24 * 60).map(lambda minute: datetime(2026, 3, 5, tzinfo=UTC) + minute * MINUTE)


def is_worked(calendar: Calendar, minute: datetime) -> bool:
    """By the clock on the wall alone."""
    local = minute.astimezone(ZoneInfo(calendar.timezone))
    return any(opens <= local.time() < closes for opens, closes in calendar.hours_on(local.date()))


def stepped(calendar: Calendar, start: datetime, hours: int) -> datetime:
    at, left = start, hours * 60
    while left:
        left -= is_worked(calendar, at)
        at += MINUTE
    return at


@settings(deadline=None)  # it steps through weeks of minutes
@given(calendar=calendars, start=minutes, hours=st.integers(1, 30))
def test_business_hours_are_the_minutes_on_which_somebody_works(
    calendar: Calendar, start: datetime, hours: int
) -> None:
    end = parse(f"{hours} business hours").after(start, calendar)
    assert end == stepped(calendar, start, hours)
    assert calendar.between(start, end) == timedelta(hours=hours)


@settings(deadline=None)
@given(calendar=calendars, end=minutes, hours=st.integers(1, 30))
def test_business_hours_back_and_forth_meet(calendar: Calendar, end: datetime, hours: int) -> None:
    span = parse(f"{hours} business hours")
    start = span.before(end, calendar)
    assert calendar.between(start, end) == timedelta(hours=hours)
    back = span.after(start, calendar)
    assert back <= end
    assert not any(is_worked(calendar, back + i * MINUTE) for i in range(int((end - back) / MINUTE)))


@given(
    calendar=calendars, first=minutes, second=minutes, amount=st.integers(1, 12), unit=st.sampled_from(("day", "hour"))
)
def test_who_begins_earlier_never_ends_later(
    calendar: Calendar, first: datetime, second: datetime, amount: int, unit: str
) -> None:
    span = parse(f"{amount} business {unit}")
    early, late = sorted((first, second))
    assert span.after(early, calendar) <= span.after(late, calendar)
    assert span.before(early, calendar) <= span.before(late, calendar)
    assert span.before(early, calendar) < early < span.after(early, calendar)


@given(calendar=calendars, start=minutes, amount=st.integers(1, 12))
def test_business_days_end_on_a_working_day_and_come_back(calendar: Calendar, start: datetime, amount: int) -> None:
    span = parse(f"{amount} business days")
    end = span.after(start, calendar)
    zone = ZoneInfo(calendar.timezone)
    begun, ended = start.astimezone(zone), end.astimezone(zone)
    hours = calendar.hours_on(ended.date())
    assert hours
    assert hours[0][0] <= ended.time() <= hours[-1][1]
    passed = (ended.date() - begun.date()).days
    assert sum(bool(calendar.hours_on(begun.date() + timedelta(days=i + 1))) for i in range(passed)) in (
        amount,
        amount - 1,  # begun before opening: that counts as the closing before it
    )
    if is_worked(calendar, start) and begun.time() == ended.time():
        assert span.before(end, calendar) == start


@pytest.mark.requirement("B7")
@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        # Berlin is one hour ahead of UTC in November; hours are 9 to 17 there.
        ("2026-11-20T10:00", "1 business day", "2026-11-23T10:00"),  # Friday → Monday
        ("2026-11-21T10:00", "1 business day", "2026-11-23T16:00"),  # Saturday → Monday's closing
        ("2026-11-23T07:00", "1 business day", "2026-11-23T16:00"),  # before opening → that day's closing
        ("2026-11-23T18:00", "1 business day", "2026-11-24T16:00"),  # after closing → the next day's
        ("2026-12-23T10:00", "1 business day", "2026-12-28T10:00"),  # 24 closed by the house, 25 and 26 by law
        ("2026-11-20T15:00", "2 business hours", "2026-11-23T09:00"),  # one on Friday, one on Monday
        ("2026-11-20T10:00", "0 business days", "2026-11-20T10:00"),
        ("2026-03-27T10:00", "1 business day", "2026-03-30T09:00"),  # same time on the wall after the leap
    ],
)
def test_cases_that_people_count_on_their_fingers(start: str, span: str, end: str) -> None:
    house = parse_calendar(
        {"timezone": "Europe/Berlin", "country": "DE", "closed": ["2026-12-24"], "open": ["2026-12-19"]}
    )
    at = datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert parse(span).after(at, house) == datetime.fromisoformat(end).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"timezone": "Mars"}, "timezone"),
        ({"country": "XX"}, "country"),
        ({"country": "DE", "subdivision": "XX"}, "subdivision"),
        ({"hours": {"mon": "17:00-09:00"}}, "hours.mon"),
        ({"hours": {"mon": ["09:00-12:00", "11:00-15:00"]}}, "hours.mon"),
        ({"hours": {"moonday": "09:00-17:00"}}, "hours.moonday"),
        ({"hours": []}, "hours"),
        ({"closed": ["Christmas"]}, "closed"),
        ({"lunch": "12:00"}, "lunch"),
    ],
)
def test_calendar_says_what_is_wrong_where(document: dict[str, object], place: str) -> None:
    with pytest.raises(BadCalendar) as refused:
        parse_calendar(document)
    assert place in dict(refused.value.problems)


def test_calendar_on_which_nobody_works_is_said_and_not_searched_for_ever() -> None:
    with pytest.raises(BadCalendar):
        Calendar(hours=((),) * 7).days_after(datetime(2026, 1, 1, tzinfo=UTC), 1)


@pytest.mark.parametrize("written", ["", "mon-", [], None, "mon-funday", 5])
def test_days_that_are_none_are_said(written: object) -> None:
    with pytest.raises(BadDays):
        parse_days(written)


windows = st.builds(
    Window,
    days=st.frozensets(st.integers(0, 6), min_size=1),
    opens=st.times().map(lambda clock: clock.replace(second=0, microsecond=0)),
    closes=st.times().map(lambda clock: clock.replace(second=0, microsecond=0)),
).filter(lambda window: window.opens != window.closes)


def in_window(window: Window, at: datetime, zone: str) -> bool:
    """By the clock on the wall; a window over midnight belongs to the day on which it opens."""
    local = at.astimezone(ZoneInfo(zone))
    today, yesterday = local.weekday() in window.days, (local.weekday() - 1) % 7 in window.days
    if window.opens < window.closes:
        return today and window.opens <= local.time() < window.closes
    return (today and local.time() >= window.opens) or (yesterday and local.time() < window.closes)


@settings(deadline=None)
@given(window=windows, at=minutes, zone=st.sampled_from(ZONES))
def test_message_outside_its_window_waits_for_the_very_next_opening(window: Window, at: datetime, zone: str) -> None:
    opening = next_opening(window, at=at, timezone=zone)
    assert opening >= at
    if opening == at:
        return
    assert not in_window(window, at, zone)
    assert in_window(window, opening, zone)
    for minute in range(0, int((opening - at) / MINUTE), 7):
        assert not in_window(window, at + minute * MINUTE, zone)


def test_a_time_that_the_clock_leaps_over_is_the_instant_of_the_leap() -> None:
    lord_howe = ZoneInfo("Australia/Lord_Howe")  # leaps by half an hour, at 02:00 on 4 October 2026
    assert instant(date(2026, 10, 4), time(2, 10), lord_howe) == datetime(2026, 10, 3, 15, 30, tzinfo=UTC)
