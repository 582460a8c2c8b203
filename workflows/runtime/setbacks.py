"""Work that fails: counted before it is tried, given up visibly after five tries (FAULTS F10)."""

from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import OperationalError, transaction
from django.db.models import F

from martechops.lib import clock, failures, prepared
from workflows.models import Attempt, QuarantinedEvent, QueuedEvent, Run, Timer

from .claim import GROUPS

log = structlog.get_logger()

MOST_TRIES = 5
#: What failed so often is tried by itself; before that, in smaller and smaller groups.
ALONE = len(GROUPS) + 1

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


_ATTEMPTS, _QUEUED, _TIMERS = Attempt._meta.db_table, QueuedEvent._meta.db_table, Timer._meta.db_table


def suspect_the_orphaned() -> bool:
    """What a worker was trying when it died is tried in a smaller group next: its try counts. True: some is suspect."""
    return _suspect("NOT EXISTS (SELECT FROM pg_stat_activity s WHERE s.pid = a.holder AND s.backend_start <= a.at)")


def suspect_own_attempt() -> None:
    """The same for the batch that has just failed in this worker."""
    _suspect("a.holder = pg_backend_pid()")


def forget_own_attempt() -> None:
    """The batch failed by no fault of what is in it."""
    with prepared.cursor() as cursor:
        cursor.execute(f"DELETE FROM {_ATTEMPTS} WHERE holder = pg_backend_pid()")  # noqa: S608


def _suspect(which: str) -> bool:
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            WITH failed AS (
                DELETE FROM {_ATTEMPTS} WHERE holder IN (
                    SELECT holder FROM {_ATTEMPTS} a WHERE {which} FOR UPDATE SKIP LOCKED)
                RETURNING event_ids, run_ids
            ), events AS (
                UPDATE {_QUEUED} SET tries = tries + 1 WHERE event_id IN (
                    SELECT id::text::bigint FROM failed, json_array_elements(event_ids) AS id)
            ), timers AS (
                UPDATE {_TIMERS} SET tries = tries + 1 WHERE run_id IN (
                    SELECT id::text::bigint FROM failed, json_array_elements(run_ids) AS id)
            )
            SELECT EXISTS (SELECT FROM failed) OR EXISTS (SELECT FROM {_QUEUED} WHERE tries > 0)
                OR EXISTS (SELECT FROM {_TIMERS} WHERE tries > 0)
            """  # noqa: S608
        )
        return bool(cursor.fetchone()[0])


def suspect_events(*, tried: int = ALONE) -> list[int]:
    """The first suspect event of each lane, if it was tried so often; those behind it keep their order and wait."""
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT event_id FROM (
                SELECT DISTINCT ON (lane) event_id, tries FROM {_QUEUED} WHERE tries > 0 ORDER BY lane, event_id
            ) AS first WHERE tries >= %s ORDER BY tries, event_id
            """,  # noqa: S608
            [tried],
        )
        return [event_id for (event_id,) in cursor.fetchall()]


def suspect_timers(at: datetime) -> list[int]:
    """Runs whose timer is due and is to be tried by itself, least tried first."""
    due = Timer.objects.filter(tries__gte=ALONE, due_at__lte=at).order_by("tries", "due_at")
    return list(due.values_list("run_id", flat=True)[:100])


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
