"""How a release is let out, stage by stage, and what is to be done next: decided from counts and an instant.

>>> ramp = Ramp.of({"stages": [{"share_percent": 5}, {"share_percent": 100}]})
>>> [stage.words for stage in ramp.stages]
['5 %', 'everybody']
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from campaigns.gates.finding import Finding, Verdict
from campaigns.rollout_states import State
from workflows.engine.business_time import DAYS, MIDNIGHT, instant, is_zone

MOST_STAGES = 12
#: A year, and more people than anybody has.
MOST_MINUTES, MOST_PEOPLE = 366 * 24 * 60, 10**9
#: What a stage asks for where nothing is said: so many people of the candidate, so long, and at most so long.
AT_LEAST, MINUTES, DEADLINE_MINUTES = 50, 60, 7 * 24 * 60


class BadRamp(ValueError):
    """That is no way to let something out; the message says why."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Who gets the candidate, and what it takes to go on from there."""

    #: Exactly one of the two; a share of 100 is everybody, and the end.
    share_percent: int | None = None
    #: Key of a segment.
    segment: str = ""
    #: People who met the candidate in this stage.
    at_least: int = AT_LEAST
    minutes: int = MINUTES
    #: After so long without enough of them it holds, and asks.
    deadline_minutes: int = DEADLINE_MINUTES

    @property
    def is_everybody(self) -> bool:
        return self.share_percent == 100

    @property
    def words(self) -> str:
        if self.segment:
            return f"segment {self.segment}"
        return "everybody" if self.is_everybody else f"{self.share_percent} %"


@dataclass(frozen=True, slots=True)
class ChangeWindow:
    """When the controller may let more people in; to hold and to roll back it never waits."""

    days: tuple[str, ...] = DAYS
    opens: str = "00:00"
    closes: str = "24:00"
    timezone: str = "UTC"

    def is_open(self, at: datetime) -> bool:
        """
        >>> from datetime import UTC
        >>> night = ChangeWindow(days=("sat",), opens="22:00", closes="06:00", timezone="Europe/Berlin")
        >>> night.is_open(datetime(2026, 11, 22, 4, tzinfo=UTC)), night.is_open(datetime(2026, 11, 22, 5, tzinfo=UTC))
        (True, False)
        """
        zone = ZoneInfo(self.timezone)
        opens, closes = time.fromisoformat(self.opens), _closing(self.closes)
        today = at.astimezone(zone).date()
        return any(
            instant(day, opens, zone) <= at < instant(day + timedelta(days=opens > closes), closes, zone)
            for day in (today - timedelta(days=1), today)  # yesterday's may last over midnight
            if DAYS[day.weekday()] in self.days
        )


def _closing(clock: str) -> time:
    return MIDNIGHT if clock == "24:00" else time.fromisoformat(clock)


@dataclass(frozen=True, slots=True)
class Ramp:
    """The whole way. Kept with the rollout as `plain`, and never changed."""

    stages: tuple[Stage, ...]
    window: ChangeWindow | None = None
    #: Lifecycle stages that this release may set; None: those that the stable version sets.
    expected_stages: tuple[str, ...] | None = None

    @property
    def plain(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Ramp":
        """As people and programs write it. Raises BadRamp."""
        try:
            stages = tuple(Stage(**stage) for stage in plain["stages"])
            window = ChangeWindow(**_tuples(plain["window"], "days")) if plain.get("window") else None
            expected = plain.get("expected_stages")
            if isinstance(expected, str):
                raise TypeError("expected_stages is a list of keys")
            ramp = cls(stages, window, None if expected is None else tuple(expected))
            faults = _faults(ramp)
        except (TypeError, KeyError) as error:
            raise BadRamp(f"a ramp has stages, and perhaps a window: {error}") from None
        if faults:
            raise BadRamp(faults[0])
        return ramp


#: For everybody at once: what a plain switch is.
AT_ONCE = Ramp((Stage(share_percent=100, at_least=0, minutes=0),))
#: What is proposed.
USUAL = Ramp((Stage(share_percent=5), Stage(share_percent=25), Stage(share_percent=100, at_least=0, minutes=0)))


def _tuples(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {**document, **({name: tuple(document[name])} if name in document else {})}


def _faults(ramp: Ramp) -> list[str]:
    stages = ramp.stages
    if odd := _odd_values(ramp):
        return [odd]
    if not 1 <= len(stages) <= MOST_STAGES:
        return [f"a ramp has between 1 and {MOST_STAGES} stages"]
    if any((stage.share_percent is None) == (not stage.segment) for stage in stages):
        return ["each stage is for a share or for a segment, one of the two"]
    shares = [stage.share_percent for stage in stages if stage.share_percent is not None]
    if any(not 1 <= share <= 100 for share in shares):
        return ["a share is between 1 and 100 percent"]
    if shares != sorted(set(shares)):
        return ["each share is greater than the one before it: nobody is taken out again"]
    if not stages[-1].is_everybody:
        return ["the last stage is everybody: 100 percent"]
    if any(stage.segment for stage in stages[stages.index(_first_share(stages)) :]):
        return ["segments come before shares"]
    if any(stage.at_least < 1 or stage.minutes < 0 for stage in stages[:-1]):
        return ["each stage before the last asks for at least one person, and for no negative time"]
    if any(stage.deadline_minutes <= stage.minutes for stage in stages[:-1]):
        return ["a stage's deadline is after its least time"]
    return _window_faults(ramp.window) if ramp.window else []


def _odd_values(ramp: Ramp) -> str:
    """What is of another kind than it says, or past all reason: it would stand in the controller's way for ever."""
    if {type(stage.segment) for stage in ramp.stages} - {str}:
        return "a segment is named by its key"
    for stage in ramp.stages:
        numbers = [stage.at_least, stage.minutes, stage.deadline_minutes]
        numbers += [] if stage.share_percent is None else [stage.share_percent]
        if any(type(number) is not int for number in numbers):
            return "shares, people and minutes are whole numbers"
        if max(stage.minutes, stage.deadline_minutes) > MOST_MINUTES or stage.at_least > MOST_PEOPLE:
            return f"a stage lasts {MOST_MINUTES:,} minutes at most, and asks for {MOST_PEOPLE:,} people at most"
    if not all(isinstance(stage, str) for stage in ramp.expected_stages or ()):
        return "lifecycle stages are named by their keys"
    return ""


def _first_share(stages: Sequence[Stage]) -> Stage:
    return next(stage for stage in stages if stage.share_percent is not None)


def _window_faults(window: ChangeWindow) -> list[str]:
    if not window.days or set(window.days) - set(DAYS):
        return [f"days of a window are among {', '.join(DAYS)}"]
    if not is_zone(window.timezone):
        return [f"there is no time zone {window.timezone}"]
    try:
        opens, closes = time.fromisoformat(window.opens), _closing(window.closes)
    except (TypeError, ValueError):
        return ["a window opens and closes at times such as 09:00"]
    if opens.tzinfo or closes.tzinfo:
        return ["a window's times are those of its time zone, such as 09:00"]
    return ["a window opens and closes at two different times"] if opens == closes else []


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a rollout is now."""

    state: str
    #: Index of the stage.
    stage: int
    #: When the stage began, or went on after it was held.
    since: datetime
    #: When a scheduled one is to begin.
    starts_at: datetime | None = None
    #: Of its newest step: who decides by what they saw says which it was.
    number: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """What is to be done, and why, in words."""

    verb: str
    because: str


def next_move(ramp: Ramp, standing: Standing, *, met: int, findings: Sequence[Finding], at: datetime) -> Move | None:
    """The one step that is due; None to wait. `met` is how many met the candidate since the stage began."""
    if standing.state == State.SCHEDULED:
        is_due = standing.starts_at is None or standing.starts_at <= at
        return Move("begin", "its time has come") if is_due and _may_widen(ramp, at) else None
    failed = _failed(findings)
    if failed and failed.on_fail == "roll_back":
        return Move("roll_back", failed.says)
    if standing.state != State.RUNNING:
        return None
    if failed:
        return Move("hold", failed.says)
    return _onward(ramp, standing, met, findings, at)


def _failed(findings: Sequence[Finding]) -> Finding | None:
    """Of several, one for which to roll back."""
    failed = [finding for finding in findings if finding.verdict == Verdict.FAIL]
    return next((one for one in failed if one.on_fail == "roll_back"), next(iter(failed), None))


def _onward(ramp: Ramp, standing: Standing, met: int, findings: Sequence[Finding], at: datetime) -> Move | None:
    stage = ramp.stages[standing.stage]
    doubtful = next((one for one in findings if one.verdict == Verdict.INCONCLUSIVE), None)
    if met >= stage.at_least and at >= standing.since + timedelta(minutes=stage.minutes) and not doubtful:
        says = f"{met} people met it at {stage.words}, and every gate passes"
        return Move(forward(ramp, standing.stage), says) if _may_widen(ramp, at) else None
    if at >= standing.since + timedelta(minutes=stage.deadline_minutes):
        if met < stage.at_least:
            return Move("hold", f"{met} of {stage.at_least} people met it by the deadline: too few to judge it by")
        return Move("hold", f"still inconclusive at the deadline: {doubtful.says}" if doubtful else "the deadline")
    return None


def _may_widen(ramp: Ramp, at: datetime) -> bool:
    return ramp.window is None or ramp.window.is_open(at)


def forward(ramp: Ramp, stage: int) -> str:
    """The verb that leads on from a stage: `promote`, or `complete` where the next is everybody."""
    return "complete" if ramp.stages[min(stage + 1, len(ramp.stages) - 1)].is_everybody else "promote"
