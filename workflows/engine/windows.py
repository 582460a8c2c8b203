"""When a message may arrive: send windows and, the other way round, quiet hours, by the clock of one zone."""

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from .business_time import DAYS, MIDNIGHT, instant
from .spec import Window


@lru_cache(maxsize=1_024)
def next_opening(window: Window, *, at: datetime, timezone: str) -> datetime:
    """`at` itself inside the window, and else the instant of its next opening.

    Kept for the contacts of a batch, who are asked about at one instant.

    >>> from datetime import UTC, time
    >>> office = Window(days=frozenset(range(5)), opens=time(9), closes=time(18))
    >>> next_opening(office, at=datetime(2026, 11, 20, 17, 30, tzinfo=UTC), timezone="Europe/Berlin").isoformat()
    '2026-11-23T08:00:00+00:00'
    """
    zone = ZoneInfo(timezone)
    day = at.astimezone(zone).date() - timedelta(days=1)
    for _ in range(9):  # yesterday's may last over midnight; within a week each day comes once
        if day.weekday() in window.days:
            over_midnight = window.opens > window.closes
            opens = instant(day, window.opens, zone)
            closes = instant(day + timedelta(days=over_midnight), window.closes, zone)
            if at < closes and opens < closes:
                return max(at, opens)
        day += timedelta(days=1)
    return at  # a window whose only opening a clock leapt over


def window_words(window: Window) -> str:
    """When it is open, as it follows "only".

    >>> from datetime import time
    >>> window_words(Window(days=frozenset({0, 1, 5}), opens=time(9), closes=time(18)))
    'on mon, tue, sat from 09:00 to 18:00 (timezone of the contact)'
    """
    days = "every day" if len(window.days) == 7 else "on " + ", ".join(DAYS[day] for day in sorted(window.days))
    closes = "24:00" if window.closes == MIDNIGHT else f"{window.closes:%H:%M}"
    zone = "timezone of the contact" if window.timezone == "contact" else window.timezone
    return f"{days} from {window.opens:%H:%M} to {closes} ({zone})"
