"""How a release is let out, stage by stage, and what is to be done next: decided from counts and an instant.

>>> ramp = Ramp.of({"stages": [{"share_percent": 5}, {"share_percent": 100}]})
>>> [stage.words for stage in ramp.stages]
['5 %', 'everybody']
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from campaigns.gates.finding import Finding, Verdict
from campaigns.rollout_states import State
from workflows.engine.business_time import DAYS, MIDNIGHT, is_zone
from workflows.engine.spec import Window
from workflows.engine.windows import next_opening

MOST_STAGES = 12
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
        days = frozenset(DAYS.index(day) for day in self.days)
        closes = MIDNIGHT if self.closes == "24:00" else time.fromisoformat(self.closes)
        window = Window(days=days, opens=time.fromisoformat(self.opens), closes=closes, timezone=self.timezone)
        return next_opening(window, at=at, timezone=self.timezone) == at


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


def _first_share(stages: Sequence[Stage]) -> Stage:
    return next(stage for stage in stages if stage.share_percent is not None)


def _window_faults(window: ChangeWindow) -> list[str]:
    if not window.days or set(window.days) - set(DAYS):
        return [f"days of a window are among {', '.join(DAYS)}"]
    if not is_zone(window.timezone):
        return [f"there is no time zone {window.timezone}"]
    try:
        window.is_open(datetime(2026, 1, 1, tzinfo=UTC))
    except ValueError:
        return ["a window opens and closes at times such as 09:00"]
    return []


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
