"""Who may change what belongs to one of the four stages, and when (requirements G1, I1).

>>> from datetime import UTC, datetime
>>> monday = datetime(2026, 11, 2, 10, tzinfo=UTC)
>>> duties = [Duty("engage", "email-team", {"days": "mon-thu", "from": "09:00", "to": "17:00"})]
>>> objection("template", stages=("engage",), duties=duties, teams={"email-team"}, at=monday)
>>> objection("template", stages=("engage",), duties=duties, teams={"analytics"}, at=monday)
'Engage belongs to email-team'
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from martechops.lib.frozen import dataclass
from workflows.engine.business_time import is_zone

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

#: What belongs to a stage as a whole, whoever owns the single one. A field names its stages itself; systems, event
#: types and segments are shared by all stages, so their own team is all that counts.
STAGE_OF: Mapping[str, str] = {
    "mapping": "capture",
    "stage": "enrich",
    "scoring": "enrich",
    "block": "engage",
    "template": "engage",
    "convention": "measure",
    "metric": "measure",
}


class BadWindow(ValueError):
    """The window cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One team's part in one stage; without a window it may change things at any time."""

    stage: str
    team: str
    window: Mapping[str, Any] = field(default_factory=dict)


def objection(
    kind: str, *, stages: Collection[str], duties: Iterable[Duty], teams: Collection[str], at: datetime
) -> str | None:
    """Why people of these teams may not change a definition of these stages now; None if they may.

    A stage that nobody answers for yet is open to all. One's own window counts, and where one answers for several of
    the stages, one open window is enough.
    """
    concerned = [duty for duty in duties if duty.stage in stages]
    mine = [duty for duty in concerned if duty.team in teams]
    if not mine and concerned and kind in STAGE_OF:
        stage = concerned[0].stage
        whose = ", ".join(sorted({duty.team for duty in concerned if duty.stage == stage}))
        return f"{stage.capitalize()} belongs to {whose}"
    if mine and not any(is_open(duty.window, at=at) for duty in mine):
        return f"{mine[0].stage.capitalize()} may be changed {words(mine[0].window)} only"
    return None


def is_open(window: Mapping[str, Any], *, at: datetime) -> bool:
    """Is `at` inside? Raises BadWindow.

    >>> from datetime import UTC
    >>> is_open({"days": "mon-thu"}, at=datetime(2026, 11, 6, 12, tzinfo=UTC))  # a Friday
    False
    """
    check(window)
    local = at.astimezone(_zone(window))
    if DAYS[local.weekday()] not in _days(window):
        return False
    return _time(window, "from", time.min) <= local.time() < _time(window, "to", time.max)


def check(window: Mapping[str, Any]) -> None:
    """Raises BadWindow."""
    unknown = set(window) - {"days", "from", "to", "timezone"}
    if unknown:
        raise BadWindow(f"a window has days, from, to and timezone; not {', '.join(sorted(unknown))}")
    _days(window)
    _zone(window)
    if _time(window, "from", time.min) >= _time(window, "to", time.max):
        raise BadWindow("a window ends after it begins")


def words(window: Mapping[str, Any]) -> str:
    """
    >>> words({"days": "mon-thu", "from": "09:00", "to": "17:00", "timezone": "Europe/Berlin"})
    'mon-thu 09:00 to 17:00 (Europe/Berlin)'
    >>> words({})
    'at any time'
    """
    if not window:
        return "at any time"
    hours = f" {window.get('from', '00:00')} to {window.get('to', '24:00')}" if {"from", "to"} & set(window) else ""
    return f"{window.get('days', 'every day')}{hours} ({window.get('timezone', 'UTC')})"


def _days(window: Mapping[str, Any]) -> frozenset[str]:
    found: set[str] = set()
    for part in str(window.get("days") or "mon-sun").replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise BadWindow(f"days are written as mon-thu or mon,wed; not {part}")
        start, end = DAYS.index(first), DAYS.index(last or first)
        found.update(DAYS[i % 7] for i in range(start, end + 1 if end >= start else end + 8))
    return frozenset(found)


def _time(window: Mapping[str, Any], name: str, default: time) -> time:
    value = window.get(name)
    if value in (None, "", "24:00"):
        return default
    try:
        return time.fromisoformat(str(value))
    except ValueError:
        raise BadWindow(f"{name} is a time such as 09:00; not {value}") from None


def _zone(window: Mapping[str, Any]) -> ZoneInfo:
    name = str(window.get("timezone") or "UTC")
    if not is_zone(name):
        raise BadWindow(f"there is no timezone {name[:60]}")
    return ZoneInfo(name)
