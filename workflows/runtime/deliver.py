"""Effects carried out: reserve and commit, act, record (DESIGN, idea 4); one connection never waits for another."""

import collections
import time
from dataclasses import field
from datetime import datetime

from martechops.lib import crash_points
from martechops.lib.frozen import dataclass

from . import effects, settle
from .calls import Turn, Watch
from .claim import database_now
from .links import LOCAL_BATCH
from .pace import AHEAD_SECONDS, Pace
from .reserve import reserve
from .settle import Called
from .volley import Volley

#: Calls that began together mostly end together.
LINGER_SECONDS = 0.003


def deliver(*, limit: int = LOCAL_BATCH, at: datetime | None = None) -> int:
    """Carry out up to `limit` effects of each connection; returns how many were reserved or withheld.

    One connection after the other, in this thread: for tests and rehearsals. Workers have a lane for each (`lanes`).
    `at` sets the clock; leases always run on the database's.
    """
    return sum(deliver_to(system, limit=limit, at=at) for system in effects.due_systems(at=at or database_now()))


def deliver_to(system: str, *, limit: int = LOCAL_BATCH, at: datetime | None = None) -> int:
    """One batch of one connection, waited for."""
    calls = Calls(system, at=at)
    try:
        claimed = calls.begin(limit=limit)
        while calls.in_flight:
            calls.record(calls.finished())
    finally:
        calls.close()
    return claimed


@dataclass(slots=True)
class Calls:
    """What one worker has under way at one connection.

    To a far side that answers at once, more is reserved than may be called at a time, so that a reservation, which is
    ten round trips whatever it takes, is of many: as much as was answered lately in AHEAD_SECONDS. Whoever is slow, or
    fails, is given nothing beforehand, and what was is given back without a call.
    """

    system: str
    at: datetime | None = None
    in_flight: int = 0
    #: What is known of the far side.
    ahead: Pace = field(default_factory=Pace)
    _waiting: "collections.deque[Turn]" = field(default_factory=collections.deque)
    _volley: Volley = field(default_factory=Volley)
    #: As many calls as the connection allows.
    _at_once: int = 0

    def begin(self, *, limit: int) -> int:
        """Reserve, commit, and start the calls; returns how many effects were claimed."""
        at = self.at or database_now()
        if not self.in_flight:
            self.ahead.begin()
        reserved = reserve(self.system, limit=limit, ahead=self.ahead.allowed(), at=at)
        crash_points.at("deliver.reserved")
        watch = Watch(at, stands=self.at is not None)
        self.in_flight += len(reserved.effects)
        self._at_once = reserved.route.at_once
        self._waiting.extend(Turn(effect, reserved.route, watch) for effect in reserved.effects)
        self._call_the_next()
        return reserved.claimed

    def finished(self, *, within_seconds: float | None = None) -> list[Called]:
        """Wait for an answer, then a while for others: each recording is a commit, however many it records.

        What waits for its turn is called meanwhile.
        """
        called: list[Called] = []
        while len(called) < self.in_flight and (heard := self._volley.heard(within_seconds=within_seconds)):
            if not called:
                until = time.monotonic() + (AHEAD_SECONDS / 2 if self._waiting else LINGER_SECONDS)
            called += heard
            if any(one.warns for one in heard):
                called += self._given_back()
            self._call_the_next()
            within_seconds = max(0.0, until - time.monotonic())
        self.ahead.note(called)
        return called

    def record(self, called: list[Called]) -> None:
        """Write them down."""
        self.in_flight -= len(called)
        crash_points.at("deliver.called")
        settle.record(self.system, called, at=self.at or database_now())
        crash_points.at("deliver.recorded")

    def close(self) -> None:
        """No more calls; those under way go on."""
        self._volley.close()

    def _call_the_next(self) -> None:
        while self._waiting and self._volley.under_way < self._at_once:
            self._volley.begin(self._waiting.popleft())

    def _given_back(self) -> list[Called]:
        """Nothing more goes where something has just failed, until the connection has learnt of it."""
        turns = list(self._waiting)
        self._waiting.clear()
        return [settle.untouched(turn.effect, "another call failed before its turn") for turn in turns]
