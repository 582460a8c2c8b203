"""Whether what a field holds is still what somebody wrote, by its history: the compare before a swap back.

>>> us, them = Written("v1", None, "mql", ours=True), Written("Sal", "mql", "sql", ours=False)
>>> judge([us], now="mql")
Restorable(before=None, ours='mql')
>>> judge([us, them], now="sql").because
'Sal has written sql since'
"""

from collections.abc import Sequence
from typing import Any

from martechops.lib.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Written:
    """One entry of a field's history."""

    writer: str
    old: Any
    new: Any
    #: By those whose writing is to be undone.
    ours: bool


@dataclass(frozen=True, slots=True)
class Restorable:
    """What it held before they wrote, however often they did since anybody else, and what they left there."""

    before: Any
    ours: Any


@dataclass(frozen=True, slots=True)
class Left:
    """It stays as it is."""

    because: str


def judge(history: Sequence[Written], *, now: Any) -> Restorable | Left:
    """By the whole history of the field, oldest first, and what it holds now."""
    if not any(one.ours for one in history):
        return Left("nothing of it was written by this version")
    last = history[-1]
    if not last.ours:
        return Left(f"{last.writer} has written {_said(last.new)} since")
    if last.new != now:
        return Left(f"it holds {_said(now)}, which is not what was written")
    before = last
    for one in reversed(history):
        if not one.ours:
            break
        before = one
    if before.old == now:
        return Left("it holds what it held before")
    return Restorable(before.old, last.new)


def _said(value: Any) -> str:
    return "nothing" if value is None else str(value)[:80]
