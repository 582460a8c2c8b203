"""A story as a row of instants that a person moves through: what happened at each, and which steps that took."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from workflows.runtime.outcome import Account, Change, Consent
from workflows.runtime.validate import Violation

from .played import Logged, PlayedEffect
from .telling import Told


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, in words; `step` and `outcome` where a step did it."""

    says: str
    step: str = ""
    outcome: str = ""


@dataclass(slots=True)
class Frame:
    """Everything of one instant."""

    at: datetime
    #: Since the story began; negative never.
    after: timedelta
    lines: list[Line] = field(default_factory=list)

    @property
    def words(self) -> str:
        """How long after the story began.

        >>> Frame(datetime(2026, 3, 4), timedelta(days=2, hours=1)).words
        'after 2 days 1 hour'
        """
        minutes, seconds = divmod(int(self.after.total_seconds()), 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        counted = ((days, "day"), (hours, "hour"), (minutes, "minute"), (seconds, "second"))
        parts = [f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in counted if count]
        return f"after {' '.join(parts[:2])}" if parts else "at the beginning"

    @property
    def steps(self) -> list[Line]:
        """What steps came to, in their order."""
        return [line for line in self.lines if line.step]


def frames(told: Told) -> list[Frame]:
    """In their order; instants at which nothing can be seen are left out."""
    found: list[Frame] = []
    for logged in told.played.log:
        lines = list(_lines(logged, told))
        if not lines:
            continue
        if not found or found[-1].at != logged.at:
            found.append(Frame(logged.at, logged.at - told.began))
        found[-1].lines += lines
    return found


def place_of(found: list[Frame], *, at: datetime | None, step: str) -> int:
    """Which instant to look at: that of a failure, or the last at which its step did anything, or the last of all."""
    if at is not None:
        exact = [i for i, frame in enumerate(found) if frame.at <= at]
        return exact[-1] if exact else 0
    seen = [i for i, frame in enumerate(found) if any(line.step == step for line in frame.lines)]
    return seen[-1] if step and seen else max(0, len(found) - 1)


def _lines(logged: Logged, told: Told) -> Iterator[Line]:
    what = logged.what
    match what:
        case Account():
            yield from _account(what, told)
        case Change() if what.run is None:
            yield Line(f"{what.field} becomes {_shown(what.new)} ({what.writer})")
        case Consent():
            yield Line(f"consent for {what.channel} is {what.state}")
        case PlayedEffect() if what.workflow == told.ground.spec.key and what.state == "done":
            yield Line(
                f"{what.kind} to {what.system} is done" if what.system else f"{what.kind} is done", what.step, "done"
            )
        case PlayedEffect() if what.workflow == told.ground.spec.key:
            yield Line(what.reason or "no reason was given", what.step, "withheld")
        case Violation():
            yield from (Line(f"the event is refused: {reason.says}") for reason in what.reasons)


def _account(account: Account, told: Told) -> Iterator[Line]:
    cause = account.detail["cause"]
    yield Line(str(cause.get("name") or "a time is over"))
    for part, _ in account.parts:
        if part["workflow"] != told.ground.spec.key:
            continue
        entry = part.get("entry")
        if entry and not entry.get("admitted", True):
            yield Line(f"does not enter: {entry['says']}")
        yield from (Line(step["says"], step["step"], step["outcome"]) for step in part["steps"])


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value)
