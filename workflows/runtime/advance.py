"""Events and timers, a batch at a time: claim, load, decide, write, commit."""

from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import DatabaseError, IntegrityError, OperationalError, transaction

from martechops.lib import crash_points, failures, garbage

from . import arms, claim, definitions, echoes, handle, hands, outcome, past, sent, setbacks, subjects, write
from .validate import sort_out

log = structlog.get_logger()

#: Events, and as many due timers, of one transaction: the more, the less each statement counts; 1,000 wait for nobody
#: longer than half a second, and fit into the memory that a worker has.
MOST_TOGETHER = 1_000
#: How often a batch is tried again because another learnt the same new contact at the same moment.
_COLLISIONS = 5


class CannotDefine(Exception):
    """What is live cannot be read, which is the fault of no event: all of them wait, and none is counted as tried."""


def advance(*, limit: int = MOST_TOGETHER, at: datetime | None = None) -> int:
    """Handle up to `limit` events and as many due timers; returns how many there were.

    What failed before, or was in the hands of a worker that died, is tried in groups that get smaller with each failure
    and in the end one by one, so that one bad item is found in five tries and the others are soon done. `at` sets the
    clock for a rehearsal or a test. Raises OperationalError when the database is gone, and CannotDefine.
    """
    some_is_suspect = setbacks.suspect_the_orphaned()
    with claim.held(limit=limit, at=at) as held, garbage.not_collected():
        crash_points.at("advance.held")
        handled = _batch(held, at) if held else 0
    return handled + (_suspects(at=at) if some_is_suspect or not handled else 0)


def _suspects(*, at: datetime | None) -> int:
    """The next group of what is suspect that can be handled; when there is none left, what is to be tried alone."""
    while True:
        with claim.held_suspects(at=at) as held, garbage.not_collected():
            if not held:
                break
            if handled := _batch(held, at):
                return handled
    return _one_by_one(at=at)


def _batch(held: claim.Held, at: datetime | None) -> int:
    for _ in range(_COLLISIONS):
        try:
            return _advance(lambda: claim.batch(held, at=at))
        except IntegrityError:
            continue
        except OperationalError as error:
            if setbacks.is_the_items_fault(error):
                break
            if not setbacks.lost_a_race(error):
                raise
        except CannotDefine:
            setbacks.forget_own_attempt()
            raise
        except Exception as error:  # noqa: BLE001 - whatever one item did, the others go on by themselves
            log.error("batch_failed", error=failures.place(error))
            break
    setbacks.suspect_own_attempt()
    return 0


def _advance(take: Callable[[], claim.Batch]) -> int:
    with transaction.atomic():
        batch = take()
        if not batch:
            return 0
        crash_points.at("advance.taken")
        defined = _defined()
        events, violations = sort_out([defined.current(event) for event in batch.events], defined)
        found = subjects.load(batch, events, defined)
        defined.need(found.versions())
        past.read(found, defined)
        at_work = hands.versions_at_work(found, (event.name for event in events), defined)
        sent.read(found.others(), {version.workflow_id for version in at_work})
        own = echoes.among(events, found.recognised, defined)
        split = arms.of(found, defined) if defined.splits else None
        bench = handle.Bench(defined, hands.laid_out(defined, at_work), batch.at, outcome.Outcome(), own, split)
        for event in events:
            _handle(event, found, bench)
        for timer in batch.timers:
            if subject := found.of(timer.subject):
                handle.timer(timer, subject, bench=bench)
        write.write(found, bench.into, violations, bench=bench, at=batch.at)
        crash_points.at("advance.written")
    crash_points.at("advance.committed")
    return len(batch)


def _handle(event: claim.ClaimedEvent, found: subjects.Subjects, bench: handle.Bench) -> None:
    """One event, from outside or inside; whatever an internal one was about may be gone by now, and then it is over."""
    if event.subject is None:
        recognised = found.recognised[event.id]
        handle.event(event, found.people[recognised.contact_id], recognised, bench=bench)
    elif subject := found.of(event.subject):
        handle.inside(event, subject, bench=bench)


def _defined() -> definitions.Definitions:
    try:
        return definitions.load()
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever somebody wrote into a definition
        raise CannotDefine(failures.place(error)) from None


def _one_by_one(*, at: datetime | None) -> int:
    """What failed in a small group: each item by itself."""
    handled = 0
    for event_id in setbacks.suspect_events():
        with claim.alone(event_id=event_id) as mine:
            if mine:
                handled += setbacks.try_event(event_id, lambda: _advance(lambda: claim.one_event(event_id, at=at)))  # noqa: B023
    for run_id in setbacks.suspect_timers(at or claim.database_now()):
        with claim.alone(run_id=run_id) as mine:
            if mine:
                handled += setbacks.try_timer(run_id, lambda: _advance(lambda: claim.one_timer(run_id, at=at)))  # noqa: B023
    return handled
