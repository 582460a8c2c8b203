"""A lane for each connection: a thread of this worker that carries out its effects and waits for nobody else's.

Lanes are started by a doorbell and end when there is nothing left to do. They are no daemons: a worker that is asked to
stop lets the calls that are under way end and records them.
"""

import sys
import threading
import time

import structlog
from django.db import DatabaseError, OperationalError, connection

from martechops.lib import failures

from . import effects, reconcile, setbacks, witness
from .claim import database_now
from .deliver import Calls
from .links import LOCAL_BATCH
from .pace import Pace

log = structlog.get_logger()

#: How long an idle lane keeps its database session and its hands for the next doorbell.
LINGER_SECONDS = 2.0
#: And looks so often meanwhile whether the worker is to end.
_LOOK_UP_SECONDS = 0.25
#: A thread that computes lets another go on after so long. Lanes wait for the database and for lines several times an
#: effect, beside batches of events in the same process. Effects a second beside a thread that only computes, on a busy
#: machine: 225 at Python's own 5 ms, 750 to 2,100 at 0.5 ms, 1,700 to 2,400 at this; the other gets as much done.
SWITCH_SECONDS = 0.00005
#: How long a record is tried again after the database went away. Longer than a lease: of what cannot be repeated, the
#: late answer is still the only one.
_RECORD_WITHIN_SECONDS = 90.0
_LONGEST_PAUSE_SECONDS = 2.0
#: While calls are under way, a lane looks so often whether there is room for more.
LOOK_AGAIN_SECONDS = 0.25

_guard = threading.Lock()
_lanes: dict[str, "Lane"] = {}
#: What is known of a far side outlives the lane that learnt it.
_paces: dict[str, Pace] = {}


def serve() -> int:
    """Have a lane for every connection that something is due for; returns at once, with their number."""
    sys.setswitchinterval(SWITCH_SECONDS)
    at = database_now()
    systems = {*effects.due_systems(at=at), *reconcile.due_systems(at=at)}
    with _guard:
        for system in systems:
            lane = _lanes.get(system)
            if lane is None or not lane.rung():
                _lanes[system] = lane = Lane(system)
                lane.start()
    return len(systems)


def wait_until_idle() -> None:
    """Until no lane of this process is at work."""
    for lane in list(_lanes.values()):
        lane.join()


class Lane(threading.Thread):
    """One connection's thread."""

    def __init__(self, system: str) -> None:
        super().__init__(name=f"lane-{system}")
        self.calls = Calls(system, ahead=_paces.setdefault(system, Pace()))
        self._bell = threading.Event()
        self._over = False
        self._lock = threading.Lock()

    def rung(self) -> bool:
        """Tell it that there is more to do; False if it has ended and another is needed."""
        with self._lock:
            self._bell.set()
            return not self._over

    def run(self) -> None:
        try:
            while self._turn() or self._is_rung_again():
                pass
        except DatabaseError as error:
            log.warning("lane_lost_its_database", system=self.calls.system, error=failures.place(error))
            witness.own().left_behind(self.calls.system)
        finally:
            with self._lock:
                self._over = True
            self.calls.close()
            connection.close()

    def _turn(self) -> bool:
        """Begin what the connection allows, record what has ended; False when there is nothing to do.

        After the last record it is looked once more: another worker that found no room for its effects, because of what
        was under way here, has left them to this one.
        """
        self._bell.clear()
        claimed = self._begin() if _is_wanted() else 0
        if not claimed and not self.calls.in_flight:
            return bool(reconcile.ask(self.calls.system, at=database_now())) if _is_wanted() else False
        if self.calls.in_flight:
            self._record()
        return True

    def _begin(self) -> int:
        try:
            return self.calls.begin(limit=LOCAL_BATCH)
        except DatabaseError as error:
            if _is_a_lost_race(error):
                return 1
            if not self.calls.in_flight:
                raise
            connection.close()
            return 0

    def _record(self) -> None:
        """What was done is worth writing down though the database has just been away."""
        called = self.calls.finished(within_seconds=LOOK_AGAIN_SECONDS)
        if not called:
            return
        until, pause = time.monotonic() + _RECORD_WITHIN_SECONDS, 0.1
        while True:
            try:
                self.calls.record(called)
                return
            except DatabaseError as error:
                self.calls.in_flight += len(called)
                if time.monotonic() > until:
                    raise
                if not _is_a_lost_race(error):
                    connection.close()
                    time.sleep(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _is_rung_again(self) -> bool:
        until = time.monotonic() + LINGER_SECONDS
        while _is_wanted() and time.monotonic() < until:
            if self._bell.wait(_LOOK_UP_SECONDS):
                return True
        with self._lock:
            self._over = not self._bell.is_set() or not _is_wanted()
            return not self._over


def _is_a_lost_race(error: DatabaseError) -> bool:
    return isinstance(error, OperationalError) and setbacks.lost_a_race(error)


def _is_wanted() -> bool:
    """The worker has not been asked to end: its main thread is there."""
    return threading.main_thread().is_alive()
