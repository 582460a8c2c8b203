"""Cron in a time zone: held to a clock that is stepped minute by minute, and to cases across the leaps."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.engine.schedules import BadSchedule, parse

WRITTEN = ("0 9 * * mon-fri", "*/20 * * * *", "15,45 8-10 1,15 * *", "0 12 13 * fri", "5 4 * 3-4 sun,7", "30 2 * * *")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")


def is_due(text: str, local: datetime) -> bool:
    """Straight from the meaning of the five fields."""
    names = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}

    def holds(part: str, value: int, *, week: bool = False) -> bool:
        for piece in part.split(","):
            span, _, step = piece.partition("/")
            low, _, high = span.partition("-")
            if span == "*":
                numbers = range(60)
            else:
                first = names.get(low) if low in names else int(low)
                last = (names[high] if high in names else int(high)) if high else first
                numbers = range(first, last + 1)  # type: ignore[operator, arg-type]
            chosen = [n for n in numbers if (n - numbers[0]) % int(step or 1) == 0]
            if value in chosen or (week and value == 0 and 7 in chosen):
                return True
        return False

    minute, hour, day, month, weekday = text.split()
    by_day, by_week = holds(day, local.day), holds(weekday, local.isoweekday() % 7, week=True)
    either = day != "*" and weekday != "*"
    on_day = (by_day or by_week) if either else (by_day and by_week)
    return holds(minute, local.minute) and holds(hour, local.hour) and holds(month, local.month) and on_day


@settings(deadline=None, max_examples=60)  # it steps through weeks of minutes
@given(
    text=st.sampled_from(WRITTEN),
    zone=st.sampled_from(ZONES),
    start=st.integers(0, 20 * 24 * 60).map(lambda m: datetime(2026, 4, 6, tzinfo=UTC) + timedelta(minutes=m)),
)
def test_it_is_due_on_the_minutes_that_the_five_fields_name(text: str, zone: str, start: datetime) -> None:
    due = parse(text, timezone=zone).next_after(start)
    at = start + timedelta(minutes=1)
    while at < start + timedelta(days=10) and not is_due(text, at.astimezone(ZoneInfo(zone))):
        at += timedelta(minutes=1)
    if at < start + timedelta(days=10):
        assert due == at


@pytest.mark.requirement("A2")
@pytest.mark.parametrize(
    ("text", "after", "due"),
    [
        # Berlin, 29 March: 02:00 → 03:00. What would be at 02:30 is at the leap, once.
        ("30 2 * * *", "2026-03-28T12:00", "2026-03-29T01:00"),
        ("30 2 * * *", "2026-03-29T01:00", "2026-03-30T00:30"),
        # 25 October: 02:30 is shown twice. It counts the first time only.
        ("30 2 * * *", "2026-10-24T12:00", "2026-10-25T00:30"),
        ("30 2 * * *", "2026-10-25T00:30", "2026-10-26T01:30"),
        # The same time on the wall, on both sides of the leap.
        ("0 9 * * mon-fri", "2026-03-27T12:00", "2026-03-30T07:00"),
        ("0 0 29 2 *", "2026-03-01T00:00", "2028-02-28T23:00"),
    ],
)
def test_leaps_of_the_clock(text: str, after: str, due: str) -> None:
    schedule = parse(text, timezone="Europe/Berlin")
    at = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert schedule.next_after(at) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_what_never_is_due_is_known_not_to_be() -> None:
    assert parse("0 0 30 2 *").next_after(datetime(2026, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    "text",
    ["", "* * * *", "60 * * * *", "* 24 * * *", "5-1 * * * *", "* * * * funday", "*/0 * * * *", "² * * * *", None],
)
def test_what_is_no_schedule_is_refused(text: object) -> None:
    with pytest.raises(BadSchedule):
        parse(text)
