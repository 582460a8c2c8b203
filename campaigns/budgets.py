"""How much of what may go wrong has gone wrong: the budget of a success criterion, pure.

A criterion that asks for 95 of 100 in time lets five be late: that is its budget, which late ones use up. The idea
and its words are those of error budgets in "Site Reliability Engineering" (Beyer et al., 2016), chapter 3.

>>> Budget(met=190, missed=5, share=0.95).left
0.4871794871794872
>>> Budget(met=190, missed=5, share=0.95).level, Budget(met=18, missed=2, share=0.95).level, Budget(met=3).level
(<Level.WELL: 'well'>, <Level.BROKEN: 'broken'>, <Level.WAITING: 'waiting'>)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

#: Fewer say nothing.
FEWEST = 5
#: Of the budget, what is left when its team is told.
RISKY = 0.25


class Level(StrEnum):
    """Waiting: too few have come to say anything."""

    WELL = "well"
    AT_RISK = "at-risk"
    BROKEN = "broken"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Budget:
    """Of all that ended in a period: how many were in time, how many were not, and what share must be."""

    met: int
    missed: int = 0
    share: float = 1.0

    @property
    def total(self) -> int:
        return self.met + self.missed

    @property
    def rate(self) -> float | None:
        """The share that was in time."""
        return self.met / self.total if self.total else None

    @property
    def left(self) -> float:
        """1: nothing is used up; 0: all of it; less: more than there was."""
        return _left(self.missed, (1 - self.share) * self.total)

    @property
    def level(self) -> Level:
        if self.total < FEWEST:
            return Level.WAITING
        if self.left < 0:
            return Level.BROKEN
        return Level.AT_RISK if self.missed and self.left < RISKY else Level.WELL


@dataclass(frozen=True, slots=True)
class Day:
    """What ended on one day."""

    day: date
    met: int
    missed: int


def burn_down(days: Sequence[Day], *, share: float) -> tuple[tuple[date, float], ...]:
    """What is left of the whole period's budget at the end of each of its days.

    >>> days = [Day(date(2026, 11, 2), 50, 0), Day(date(2026, 11, 3), 45, 5)]
    >>> [round(left, 2) for _, left in burn_down(days, share=0.9)]
    [1.0, 0.5]
    """
    allowed = (1 - share) * sum(one.met + one.missed for one in days)
    missed, found = 0, []
    for one in days:
        missed += one.missed
        found.append((one.day, _left(missed, allowed)))
    return tuple(found)


def _left(missed: int, allowed: float) -> float:
    if not missed:
        return 1.0
    return 1 - missed / allowed if allowed > 1e-9 else -float(missed)
