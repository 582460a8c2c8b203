"""Doorbells: tell the workers that there is something to do, at once and without ever failing.

A ring carries no work. It is lost without harm when the broker is gone, because a sweep finds the rows within a second.
"""

import atexit
import functools
import logging
import os
import threading
from dataclasses import dataclass, field

import celery
from django.db import transaction

log = logging.getLogger(__name__)

#: Rings of one name closer together than this become one, which comes last, so that it covers all of them. While they
#: keep coming the quiet grows: the busier it is, the less a ring tells a worker, and each costs one a turn.
QUIET_SECONDS = 0.005
LONGEST_QUIET_SECONDS = 0.04
_FLUSH_WITHIN_SECONDS = 1.0


def ring(name: str) -> None:
    """Have the task of that name run soon. Returns at once, and never raises."""
    _ringer().ring(name)


def after_commit(name: str) -> None:
    """Ring once the rows can be seen by others; at once when no transaction is open."""
    transaction.on_commit(functools.partial(ring, name), robust=True)


@dataclass(frozen=True, slots=True)
class Counts:
    """Since this process started."""

    rung: int
    lost: int


def counts() -> Counts:
    """How often this process rang, and how often the broker was not there to hear it."""
    ringer = _ringer()
    return Counts(rung=ringer.rung, lost=ringer.lost)


@dataclass(slots=True)
class _Ringer:
    """One thread that publishes what was rung, so that a request never waits for a broker."""

    pid: int
    pending: set[str] = field(default_factory=set)
    rung: int = 0
    lost: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)
    thread: threading.Thread | None = None
    publishing: bool = False

    def ring(self, name: str) -> None:
        with self.changed:
            self.pending.add(name)
            if self.thread is None:
                self.thread = threading.Thread(target=self._publish_for_ever, name="doorbell", daemon=True)
                self.thread.start()
            self.changed.notify_all()

    def flush(self) -> None:
        """Wait, briefly, until everything rung was published: a short command would otherwise end before its thread."""
        with self.changed:
            self.changed.wait_for(lambda: not self.pending and not self.publishing, timeout=_FLUSH_WITHIN_SECONDS)

    def _publish_for_ever(self) -> None:
        nobody, quiet = threading.Event(), QUIET_SECONDS
        while True:
            with self.changed:
                self.changed.wait_for(lambda: bool(self.pending))
                names, self.pending, self.publishing = self.pending, set(), True
            for name in sorted(names):
                self._publish(name)
            with self.changed:
                self.publishing = False
                self.changed.notify_all()
            nobody.wait(quiet)
            quiet = min(2 * quiet, LONGEST_QUIET_SECONDS) if self.pending else QUIET_SECONDS

    def _publish(self, name: str) -> None:
        try:
            celery.current_app.send_task(name, ignore_result=True, retry=False)
            self.rung += 1
        except Exception as error:  # noqa: BLE001 - whatever a broker's client raises, the sweep comes anyway
            self.lost += 1
            log.warning("doorbell not heard: %s (%s); the sweep will find the work", name, type(error).__name__)


_current: list[_Ringer] = []
_guard = threading.Lock()


def _ringer() -> _Ringer:
    """This process's own: a thread does not follow its process through a fork."""
    with _guard:
        if not _current or _current[0].pid != os.getpid():
            _current[:] = [_Ringer(pid=os.getpid())]
            atexit.register(_current[0].flush)
        return _current[0]
