"""Beat's understudy: a thread of each worker that plays its part while beat, or the broker, is not heard.

Beat is one process on one machine, and its doorbells go through a broker that may lose them. So each worker looks once
a second, at the price of one row, whether anybody has swept of late. If not, one of them sweeps and handles what is
due, by itself and on the spot, whether or not it has a broker; and rings for the other timers whose time has come.
Nothing is done twice by that: a doorbell carries no work, and work is claimed.

Celery waits for up to half a minute before it tries a broker again that was away for a while. What came in meanwhile,
or was left behind, does not.

In the long chaos campaign beat was killed every twelve seconds and away for a third of the time: what a dead worker had
reserved was taken up after 2.3 s (p50) and 35 s (p99). See docs/chaos-report.md for what it is now.
"""

import random
import threading
from collections.abc import Iterator
from typing import Any

import structlog
from celery import Task, bootsteps
from django.db import DatabaseError, connection

from martechops.celery import TIMERS, app
from martechops.lib import failures, pulse, wake

log = structlog.get_logger()

#: Notes under this name that it ran.
SWEEP = "workflows.sweep"
#: What nobody may have to wait for: done here. What is to be delivered leaves with it.
_PLAYED = (SWEEP, "workflows.advance")
#: Shows that beat itself is there, so nobody plays that.
_BEATS_OWN = "martechops.pulse"
#: Beat's is to come every second. What a killed worker held is so found within two seconds and a half.
LATE_AFTER_SECONDS = 1.5
LOOK_EVERY_SECONDS = 1.0


class Understudy(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
    """A step of every worker, from when it has hands to work with until it is asked to stop."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self.over = threading.Event()

    def start(self, worker: Any) -> None:
        threading.Thread(target=self._stand_by, name="understudy", daemon=True).start()

    def stop(self, worker: Any) -> None:
        self.over.set()

    def _stand_by(self) -> None:
        """Not in step with the other workers: so one of so many looks soon."""
        is_expected = False
        while not self.over.wait(random.uniform(0.5, 1.5) * LOOK_EVERY_SECONDS):  # noqa: S311  jitter, not secrecy
            try:
                if not is_expected:
                    pulse.begin(SWEEP)
                    is_expected = True
                play()
            except DatabaseError as error:
                log.warning("understudy_lost_its_database", error=failures.place(error))
                connection.close()
            except Exception as error:  # noqa: BLE001 - whatever it was: it must be there the next time
                log.error("understudy_failed", error=failures.place(error))
        connection.close()


def play() -> bool:
    """What beat would have had done, if nobody has swept of late; True if it was this worker's turn."""
    turn = pulse.take_over(SWEEP, after_seconds=LATE_AFTER_SECONDS)
    if turn is None:
        return False
    for name in _PLAYED:
        task: Task = app.tasks[name]
        task()
    for name in missed(*turn):
        wake.ring(name)
    return True


def missed(since: float, now: float) -> Iterator[str]:
    """Other timers of which a tick lies between the two instants.

    >>> list(missed(9.9, 10.1))[:3]
    ['workflows.poll', 'workflows.imports', 'workflows.renames']
    """
    for name, seconds in TIMERS.items():
        if name not in {SWEEP, _BEATS_OWN} and now // seconds > since // seconds:
            yield name
