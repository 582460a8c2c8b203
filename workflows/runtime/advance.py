"""Events and timers, a batch at a time: claim, load, decide, write, commit."""

from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import DatabaseError, IntegrityError, OperationalError, transaction

from martechops.lib import failures
from workflows.models import QueuedEvent, Timer

from . import claim, definitions, handle, outcome, setbacks, subjects, write
from .validate import sort_out

log = structlog.get_logger()

#: How often a batch is tried again because another learnt the same new contact at the same moment.
_COLLISIONS = 5


class CannotDefine(Exception):
    """What is live cannot be read, which is the fault of no event: all of them wait, and none is counted as tried."""


def advance(*, limit: int = 500, at: datetime | None = None) -> int:
    """Handle up to `limit` events and as many due timers; returns how many there were.

    `at` sets the clock for a rehearsal or a test. Raises OperationalError when the database is gone,
    and CannotDefine.
    """
    for _ in range(_COLLISIONS):
        try:
            return _advance(lambda: claim.batch(limit=limit, at=at))
        except IntegrityError:
            continue
        except OperationalError as error:
            if setbacks.is_the_items_fault(error):
                break
            if not setbacks.lost_a_race(error):
                raise
        except CannotDefine:
            raise
        except Exception as error:  # noqa: BLE001 - whatever one item did, the others go on by themselves
            log.error("batch_failed", error=failures.place(error))
            break
    return _one_by_one(limit=limit, at=at)


def _advance(take: Callable[[], claim.Batch]) -> int:
    with transaction.atomic():
        batch = take()
        if not batch:
            return 0
        defined = _defined()
        events, violations = sort_out([defined.current(event) for event in batch.events], defined)
        people = subjects.load(batch, events)
        defined.need(people.versions())
        into = outcome.Outcome()
        for event in events:
            found = people.recognised[event.id]
            handle.event(event, people.by_id[found.contact_id], found, definitions=defined, at=batch.at, into=into)
        for timer in batch.timers:
            if person := people.by_id.get(timer.contact_id):
                handle.timer(timer, person, definitions=defined, at=batch.at, into=into)
        write.write(people, into, violations, at=batch.at)
    return len(batch)


def _defined() -> definitions.Definitions:
    try:
        return definitions.load()
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever somebody wrote into a definition
        raise CannotDefine(failures.place(error)) from None


def _one_by_one(*, limit: int, at: datetime | None) -> int:
    """After a batch failed: each item by itself, so that one bad item holds up nothing but its own contact."""
    handled = 0
    for event_id in QueuedEvent.objects.order_by("event_id").values_list("event_id", flat=True)[:limit]:
        handled += setbacks.try_event(event_id, lambda: _advance(lambda: claim.one_event(event_id, at=at)))  # noqa: B023
    due = Timer.objects.filter(due_at__lte=at or claim.database_now()).order_by("due_at")
    for run_id in due.values_list("run_id", flat=True)[:limit]:
        handled += setbacks.try_timer(run_id, lambda: _advance(lambda: claim.one_timer(run_id, at=at)))  # noqa: B023
    return handled
