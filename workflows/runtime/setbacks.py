"""Work that fails: counted before it is tried, given up visibly after five tries (FAULTS F10)."""

from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import OperationalError, transaction
from django.db.models import F

from martechops.lib import clock, failures
from workflows.models import QuarantinedEvent, QueuedEvent, Run, Timer

log = structlog.get_logger()

MOST_TRIES = 5

#: PostgreSQL's codes for "another transaction won": serialization failure, deadlock.
_RACES = {"40001", "40P01"}
#: Its class for "more than I can hold", such as a key too long for an index: trying again never helps.
_TOO_MUCH = "54"


def lost_a_race(error: OperationalError) -> bool:
    """Did another transaction win, so that trying again is all there is to do?"""
    return _code(error) in _RACES


def is_the_items_fault(error: OperationalError) -> bool:
    """Is it what was written, and not the database, that is at fault?"""
    return _code(error).startswith(_TOO_MUCH)


def _code(error: OperationalError) -> str:
    return getattr(error.__cause__, "sqlstate", None) or ""


def try_event(event_id: int, act: Callable[[], int]) -> int:
    """Handle one event, up to five times; then it is a dead letter. Returns how many items that settled."""
    return _try(
        act,
        count=lambda: _count(QueuedEvent, event_id),
        give_up=lambda why: _dead_letter(event_id, why, clock.now()),
    )


def try_timer(run_id: int, act: Callable[[], int]) -> int:
    """Move one run, up to five times; then it has failed. Returns how many items that settled."""
    return _try(act, count=lambda: _count(Timer, run_id), give_up=lambda why: _fail(run_id, why, clock.now()))


def _try(act: Callable[[], int], *, count: Callable[[], int | None], give_up: Callable[[str], None]) -> int:
    why = "its worker ended while handling it"
    while (tries := count()) is not None:
        if tries > MOST_TRIES:
            give_up(why)
            return 1
        try:
            return act()
        except Exception as error:  # whatever it did, it is counted and given up in the end
            if isinstance(error, OperationalError) and not is_the_items_fault(error):
                if lost_a_race(error):
                    continue
                raise
            log.error("item_failed", tries=tries, error=failures.place(error))
            why = f"{type(error).__name__} in each of {MOST_TRIES} tries"
    return 0


def _count(model: type[QueuedEvent] | type[Timer], key: int) -> int | None:
    """Note one more try, at once and for good; None if the item is gone."""
    if not model.objects.filter(pk=key).update(tries=F("tries") + 1):
        return None
    return model.objects.filter(pk=key).values_list("tries", flat=True).first()


@transaction.atomic
def _dead_letter(event_id: int, why: str, at: datetime) -> None:
    if QueuedEvent.objects.filter(pk=event_id).delete()[0]:
        QuarantinedEvent.objects.update_or_create(
            event_id=event_id,
            defaults={"kind": "dead_letter", "reasons": [{"path": "", "says": why}], "state": "held", "at": at},
        )


@transaction.atomic
def _fail(run_id: int, why: str, at: datetime) -> None:
    if Timer.objects.filter(pk=run_id).delete()[0]:
        Run.objects.filter(pk=run_id).update(state=Run.State.FAILED, reason=why, changed_at=at, ended_at=at)
