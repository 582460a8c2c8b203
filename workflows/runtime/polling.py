"""Far sides asked what changed there: each answer becomes events, and the cursor moves in the same commit.

Ask, with no transaction open; then store and move on in one. A worker that dies in between leaves the old cursor, the
next one is told the same, and the far side's own ids of its changes keep any from being stored twice.
"""

import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from martechops.lib import crash_points, failures
from workflows.actions import inbound, sources
from workflows.connectors import CONNECTORS
from workflows.connectors.base import Changes, RecordChange, Refused, TryLater, Unknown
from workflows.engine import record_changes, translation
from workflows.models import Poll, Source, System
from workflows.queries import echoes, polls

from . import links
from .claim import database_now

log = structlog.get_logger()

#: Namespace of the lock that one asker of a system holds: two would only bring the same.
_LOCK = 7304
#: After so many failures the pause between two questions grows no more.
_MOST_DOUBLINGS = 6

_guard = threading.Lock()
_asking: set[str] = set()


def serve(*, at: datetime | None = None) -> int:
    """Ask every system that it is time for, each in a thread of its own; returns at once, with their number."""
    due = polls.due(at=at or database_now(), connectors=[key for key, one in CONNECTORS.items() if one.asked_every])
    with _guard:
        begun = [system for system in due if system not in _asking]
        _asking.update(begun)
    for system in begun:
        threading.Thread(target=_ask_to_the_end, args=(system,), name=f"poll-{system}").start()
    return len(begun)


def _ask_to_the_end(system: str) -> None:
    try:
        while poll(system):
            pass
    except DatabaseError as error:
        log.warning("poll_lost_its_database", system=system, error=failures.place(error))
    finally:
        with _guard:
            _asking.discard(system)
        connection.close()


def poll(system: str, *, at: datetime | None = None) -> bool:
    """Ask once, if nobody else does; is there more to be asked for? Call outside a transaction."""
    with _alone(system) as mine:
        return bool(mine and _poll(system, at or database_now()))


def _poll(system: str, at: datetime) -> bool:
    with transaction.atomic():
        row, _ = Poll.objects.get_or_create(system=system, defaults={"next_at": at})
        source = sources.of_changes(System.objects.get(key=system), at=at)
        route = links.ask(system, at=at) if source.enabled else None
        every = route.connector.asked_every if route and route.connector else None
        if route is None or route.connector is None or every is None:
            Poll.objects.filter(pk=system).update(next_at=at + _LOOK_AGAIN)
            return False
    try:
        changes = route.connector.changes(route.link, since=row.cursor)
    except (Refused, TryLater, Unknown) as error:
        return _failed(row, every, str(error), _experience(error), at)
    except Exception as error:  # noqa: BLE001 - a connector's own fault, or an answer that nobody can read
        log.error("poll_failed", system=system, error=failures.place(error))
        says = f"its answer cannot be read: {type(error).__name__}"
        return _failed(row, every, says, links.Experience(answered=True, failures=0), at)
    crash_points.at("poll.answered")
    _take(row, source, changes, at + (timedelta() if changes.more else every), at)
    crash_points.at("poll.stored")
    return changes.more


#: While a connection stands still, it is looked at so often.
_LOOK_AGAIN = timedelta(seconds=5)


@transaction.atomic
def _take(row: Poll, source: Source, changes: Changes, next_at: datetime, at: datetime) -> None:
    """Events and cursor in one commit; nothing of it where another moved the cursor meanwhile."""
    theirs = _theirs(row.system, changes.found)
    receipt = inbound.receive(source=source, messages=[_message(one) for one in theirs], received_at=at, sent_at=None)
    for refused in receipt.refused:
        log.error("change_refused", system=row.system, change=theirs[refused.index].id, reason=refused.reason)
    moved: dict[str, Any] = {"cursor": changes.cursor, "next_at": next_at, "answered_at": at}
    moved |= {"failures": 0, "says": _left_out(len(receipt.refused))}
    moved["own"] = F("own") + len(changes.found) - len(theirs)
    if receipt.stored:
        moved |= {"brought": F("brought") + receipt.stored, "brought_at": at}
    if not Poll.objects.filter(pk=row.pk, cursor=row.cursor).update(**moved):
        transaction.set_rollback(True)
        return
    links.learn(row.system, links.Experience(answered=True, failures=0), at=at)


def _left_out(count: int) -> str:
    return f"{count} of the last changes could not be stored: they are larger than a message may be" if count else ""


def _theirs(system: str, found: Sequence[RecordChange]) -> list[RecordChange]:
    """Those that were no request of ours."""
    ours = echoes.known(system=system, keys={one.key for one in found if one.key})
    return [one for one in found if one.key not in ours]


def _message(change: RecordChange) -> dict[str, Any]:
    """As the same change would be translated if it were pushed to the source's address."""
    data = {
        "object": change.object,
        "record_id": change.record_id,
        "email": change.email,
        "field": change.field,
        "from": change.old,
        "to": change.new,
        "changed_at": change.changed_at.isoformat(),
        "by": change.by,
    }
    document = {"type": record_changes.NAME, "timestamp": data["changed_at"], "data": data}
    return translation.message(document, reading=translation.Reading(), message_id=change.id)


@transaction.atomic
def _failed(row: Poll, every: timedelta, says: str, seen: links.Experience, at: datetime) -> bool:
    """Said and waited for, longer from time to time; the cursor stays. Always False: there is no more just now."""
    wait = max(every * 2 ** min(row.failures, _MOST_DOUBLINGS), timedelta(seconds=seen.after_seconds))
    Poll.objects.filter(pk=row.pk).update(failures=F("failures") + 1, says=says[:500], next_at=at + wait)
    links.learn(row.system, seen, at=at)
    return False


def _experience(error: Refused | TryLater | Unknown) -> links.Experience:
    """What it shows about the connection, as `settle` sees it for effects."""
    says = str(error)
    if isinstance(error, Refused):
        return links.Experience(answered=True, failures=0, says=says, gone=says if error.gone else "")
    if isinstance(error, Unknown):
        return links.Experience(answered=False, failures=1, says=says)
    for_all, after = error.for_all, error.after_seconds
    return links.Experience(
        answered=not for_all or after > 0,
        failures=int(for_all and not after),
        says=says,
        after_seconds=after if for_all else 0,
    )


@contextmanager
def _alone(system: str) -> Iterator[bool]:
    """Be the only one who asks this system; the lock goes with the session of a worker that dies."""
    number = zlib.crc32(system.encode()) - 2**31
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, number])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, number])
