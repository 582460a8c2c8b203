"""Effects carried out: reserve and commit, act, record (DESIGN, idea 4); one connection never waits for another."""

import collections
import contextlib
import functools
import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, replace
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError

from martechops.lib import crash_points, failures
from martechops.lib.frozen import dataclass
from workflows.connectors.base import DEADLINE_SECONDS, Refused, Request, TooLate, TryLater, Unknown

from . import effects, pace, settle, witness
from .claim import database_now
from .effects import Claimed
from .links import LOCAL_BATCH, Route
from .pace import AHEAD_SECONDS, SLOW_AFTER_SECONDS
from .reserve import reserve
from .settle import Called

log = structlog.get_logger()

#: Calls under way at one connection, whatever people set.
MOST_THREADS = 256
#: Calls that began together mostly end together.
LINGER_SECONDS = 0.003
_LATE = "its turn did not come in time"


def deliver(*, limit: int = LOCAL_BATCH, at: datetime | None = None) -> int:
    """Carry out up to `limit` effects of each connection; returns how many were reserved or withheld.

    One connection after the other, in this thread: for tests and rehearsals. Workers have a lane for each (`lanes`).
    `at` sets the clock; leases always run on the database's.
    """
    return sum(deliver_to(system, limit=limit, at=at) for system in effects.due_systems(at=at or database_now()))


def deliver_to(system: str, *, limit: int = LOCAL_BATCH, at: datetime | None = None) -> int:
    """One batch of one connection, waited for."""
    calls = Calls(system, at=at)
    claimed = calls.begin(limit=limit)
    while calls.in_flight:
        calls.record(calls.finished())
    calls.close()
    return claimed


@dataclass(slots=True)
class Calls:
    """What one worker has under way at one connection.

    To a far side that answers at once, more is reserved than may be called at a time, so that its hands need not wait
    for the database: as much as it answered lately in AHEAD_SECONDS. Whoever is slow, or fails, is given nothing
    beforehand, and what was is given back without a call.

    It begins with as few hands as its answers let expect, and with all that the connection allows when these wait.
    Measured with a local far side of 16 calls at a time, loaded machine: 560 effects a second and 1.3 round trips each
    without, see docs/performance.md for what it is with.
    """

    system: str
    at: datetime | None = None
    in_flight: int = 0
    #: What is known of the far side.
    ahead: pace.Pace = field(default_factory=pace.Pace)
    _waiting: "collections.deque[_Turn]" = field(default_factory=collections.deque)
    _answers: "queue.SimpleQueue[Called]" = field(default_factory=queue.SimpleQueue)
    _hands: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(MOST_THREADS, "call"))
    _at_work: int = 0
    #: As many hands as the connection allows.
    _at_once: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, *, limit: int) -> int:
        """Reserve, commit, and start the calls; returns how many effects were claimed."""
        at = self.at or database_now()
        if not self.in_flight:
            self.ahead.begin()
        reserved = reserve(self.system, limit=limit, ahead=self.ahead.allowed(), at=at)
        crash_points.at("deliver.reserved")
        route, watch = reserved.route, Watch(at, stands=self.at is not None)
        turns = [_Turn(effect, route, watch) for effect in reserved.effects]
        self.in_flight += len(turns)
        if route.connector is None or route.connector.local:
            for turn in turns:
                self._answers.put(turn.called())
        else:
            self._hand_out(turns, at_once=route.at_once)
        return reserved.claimed

    def finished(self, *, within_seconds: float | None = None) -> list[Called]:
        """Wait for an answer, then a moment for those that come with it: each recording is a commit, however many."""
        called: list[Called] = []
        if self._waiting and self._at_work < self._at_once and self._is_slow():
            self._put_to_work(self._at_once)
        with contextlib.suppress(queue.Empty):
            called.append(self._answers.get(timeout=within_seconds))
            until = time.monotonic() + (AHEAD_SECONDS / 2 if self._waiting else LINGER_SECONDS)
            while len(called) < self.in_flight and (len(called) <= len(self._waiting) or not self._waiting):
                called.append(self._answers.get(timeout=max(0.0, until - time.monotonic())))
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
        self._hands.shutdown(wait=False)

    def _hand_out(self, turns: "Sequence[_Turn]", *, at_once: int) -> None:
        """To hands that the process waits for when it ends; to this one where none can be had."""
        self._waiting.extend(turns)
        self._at_once = at_once
        self._put_to_work(self.ahead.hands(len(self._waiting)))

    def _is_slow(self) -> bool:
        """No call has ended for a while: those at work wait, and more of them would not be in each other's way."""
        until = time.monotonic() + SLOW_AFTER_SECONDS
        while self._answers.empty() and time.monotonic() < until:
            time.sleep(SLOW_AFTER_SECONDS / 10)
        return self._answers.empty()

    def _put_to_work(self, hands: int) -> None:
        with self._lock:
            more = max(0, min(min(hands, self._at_once) - self._at_work, len(self._waiting)))
            self._at_work += more
        for _ in range(more):
            try:
                self._hands.submit(self._work)
            except RuntimeError:
                self._work()

    def _work(self) -> None:
        """Call one after the other while any wait."""
        while turn := self._next():
            began = time.monotonic()
            called = turn.called()
            self.ahead.took(time.monotonic() - began)
            if called.warns:
                self._give_back()
            self._answers.put(called)

    def _next(self) -> "_Turn | None":
        with self._lock:
            turn = self._waiting.popleft() if self._waiting else None
            self._at_work -= turn is None
        return turn

    def _give_back(self) -> None:
        """Nothing more goes where something has just failed, until the connection has learnt of it."""
        with self._lock:
            turns = list(self._waiting)
            self._waiting.clear()
        for turn in turns:
            self._answers.put(settle.untouched(turn.effect, "another call failed before its turn"))


@dataclass(frozen=True, slots=True)
class _Turn:
    """One call that is to be made."""

    effect: Claimed
    route: Route
    watch: "Watch"

    def called(self) -> Called:
        called = call(self.effect, self.route, watch=self.watch)
        crash_points.at("deliver.answered")
        witness.own().answered(called.settled)
        return called


class Watch:
    """The database's clock, carried on by this process: its own clock may be wrong (FAULTS F9)."""

    def __init__(self, at: datetime, *, stands: bool = False) -> None:
        self._at, self._stands, self._started = at, stands, time.monotonic()

    def seconds(self) -> float:
        """Since it was set."""
        return time.monotonic() - self._started

    def now(self) -> datetime:
        return self._at if self._stands else self._at + timedelta(seconds=self.seconds())


def call(effect: Claimed, route: Route, *, watch: Watch) -> Called:
    """Call the far side; whatever it does becomes a state."""
    connector = route.connector
    if connector is None or effect.kind not in connector.kinds:
        return settle.refused(effect, f"system {effect.system} has no connector that can {effect.kind}")
    if _is_late(watch):
        return settle.untouched(effect, _LATE)
    if settle.is_forgotten(effect, route, at=watch.now()):
        return settle.unknown(effect, route, "the far side may have forgotten its key", at=watch.now())
    request = Request(effect.key, effect.kind, effect.content or {}, route.link, effect.contact_id)
    if route.effect_class == "C":
        request = replace(request, leaves=functools.partial(_leave, effect, watch))
    crash_points.at("deliver.calling")
    try:
        if not connector.says_when_it_leaves:
            request.leaves()
        return settle.done(effect, connector.perform(request))
    except TooLate as error:
        return settle.untouched(effect, str(error))
    except Refused as error:
        return settle.refused(effect, str(error), gone=error.gone)
    except TryLater as error:
        return settle.later(
            effect, str(error), at=watch.now(), after_seconds=error.after_seconds, for_all=error.for_all
        )
    except Unknown as error:
        return settle.unknown(effect, route, str(error), at=watch.now())
    except (OperationalError, InterfaceError):
        if connector.local and route.effect_class != "C":
            return settle.untouched(effect, "the database was away")  # which is no fault of the connection's
        return settle.unknown(effect, route, "the database was away", at=watch.now())
    except Exception as error:  # noqa: BLE001 - a connector's own fault: nobody knows how far it came
        log.error("connector_failed", system=effect.system, kind=effect.kind, error=failures.place(error))
        return settle.unknown(effect, route, f"the connector failed: {type(error).__name__}", at=watch.now())


def _is_late(watch: Watch) -> bool:
    """Somebody else may hold it by now."""
    lease: float = settings.EFFECT_LEASE_SECONDS
    return watch.seconds() > lease - min(DEADLINE_SECONDS, lease / 2)


def _leave(effect: Claimed, watch: Watch) -> None:
    """What cannot be taken back is about to happen: noted first, if it is still ours."""
    if _is_late(watch):
        raise TooLate(_LATE)
    try:
        witness.own().leaving(effect)
    except witness.CannotSay:
        raise TooLate("this machine's disk takes no note that it leaves") from None
