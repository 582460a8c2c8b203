"""Doorbells answered: each task looks for rows, does what it finds, and rings again if there is more.

What is due is asked by the database's clock, which all workers share: their own may be wrong (FAULTS F9).
"""

import functools
import time
from collections.abc import Callable

from celery import shared_task

from martechops.lib import pulse, wake
from workflows.actions import imports, memberships, move_batches, moves, polls, renames, replays
from workflows.rehearsal.replays import is_busy, play_part
from workflows.runtime import chores, polling, retention, schedules
from workflows.runtime.advance import advance
from workflows.runtime.claim import database_now
from workflows.runtime.importing import pass_part
from workflows.runtime.lanes import serve
from workflows.runtime.sweep import sweep

ADVANCE, DELIVER, SWEEP = "workflows.advance", "workflows.deliver", "workflows.sweep"
RETAIN = "workflows.retain"
KEEP_HOUSE, KEEP_SEGMENTS = "workflows.keep_house", "workflows.keep_segments"

#: A task gives way after so long, so that other doorbells are heard.
TURN_SECONDS = 1.0


@shared_task(name=ADVANCE)
def advance_task() -> None:
    """Handle inbound events and due timers; what they plan leaves from this process, without another doorbell."""
    if _take_turn(advance, then=serve):
        wake.ring(ADVANCE)


@shared_task(name=DELIVER)
def deliver_task() -> None:
    """Carry out effects: each connection has a lane of its own, which goes on after this returns."""
    serve()


@shared_task(name=polls.DOORBELL)
def poll_task() -> None:
    """Ask far sides what changed there; who is asked goes on after this returns."""
    polling.serve()


@shared_task(name=SWEEP)
def sweep_task() -> None:
    """Find what is overdue and what was not heard. Effects leave from this process, whatever the broker loses."""
    pulse.note(SWEEP)
    overdue = sweep()
    if overdue.events_or_timers:
        wake.ring(ADVANCE)
    if overdue.effects:
        serve()


@shared_task(name=imports.DOORBELL)
def imports_task() -> None:
    """Pass the next parts of files that are being checked or taken in."""
    if _take_turn(pass_part, then=functools.partial(wake.ring, ADVANCE)):
        wake.ring(imports.DOORBELL)


@shared_task(name=renames.DOORBELL)
def renames_task() -> None:
    """Go on with contacts that still hold a former name."""
    end = time.monotonic() + TURN_SECONDS
    while renames.go_on(at=database_now()):
        if time.monotonic() > end:
            wake.ring(renames.DOORBELL)
            return


@shared_task(name=moves.DOORBELL)
def moves_task() -> None:
    """Go on taking runs to another version."""
    if _take_turn(lambda: move_batches.go_on(at=database_now()), then=functools.partial(wake.ring, ADVANCE)):
        wake.ring(moves.DOORBELL)


@shared_task(name=replays.DOORBELL)
def replays_task() -> None:
    """Play the next part of a replay; while live events wait, one at each tick of the clock and no more (F19)."""
    if play_part() and not is_busy():
        wake.ring(replays.DOORBELL)


@shared_task(name=KEEP_HOUSE)
def keep_house_task() -> None:
    """Have what is due by the calendar begin, and do what runs ask of the installation itself."""
    schedules.keep(at=database_now())
    if chores.perform():
        wake.ring(KEEP_HOUSE)


@shared_task(name=RETAIN)
def retain_task() -> None:
    """Remove at night what is older than its policy says, a turn at a time."""
    end = time.monotonic() + TURN_SECONDS
    while retention.keep(at=database_now()):
        if time.monotonic() > end:
            wake.ring(RETAIN)
            return


@shared_task(name=KEEP_SEGMENTS)
def keep_segments_task() -> None:
    """Compare the segments that live workflows watch with everybody, where somebody may have moved by themselves."""
    memberships.keep(at=database_now())


def _take_turn(work: Callable[[], int], *, then: Callable[[], object]) -> bool:
    """Work until there is no more (False) or the turn is over (True); `then` sees to what follows from it."""
    end = time.monotonic() + TURN_SECONDS
    while work():
        then()
        if time.monotonic() > end:
            return True
    return False
