"""What is overdue: expired leases, and work whose doorbell nobody heard. Correctness needs nothing but this."""

from dataclasses import dataclass

from django.db import connection

from martechops.lib import bulk
from workflows.connectors import CONNECTORS
from workflows.models import Effect, QueuedEvent, System, Timer

_EFFECTS = Effect._meta.db_table


@dataclass(frozen=True, slots=True)
class Overdue:
    """What there is to do, so that the caller can ring for it."""

    events_or_timers: bool
    effects: bool


def sweep() -> Overdue:
    """Free orphaned reservations and say which work is waiting."""
    release_expired()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT EXISTS (SELECT 1 FROM {QueuedEvent._meta.db_table})
                OR EXISTS (SELECT 1 FROM {Timer._meta.db_table} WHERE due_at <= now()),
                EXISTS (SELECT 1 FROM {_EFFECTS} WHERE state = 'planned' AND not_before <= now())
            """  # noqa: S608
        )
        return Overdue(*cursor.fetchone())


def release_expired() -> int:
    """Reservations whose worker is gone: repeated where the far side can tell a repeat, uncertain elsewhere.

    A killed worker takes its database session with it, which is seen at once; a hung one is seen by its lease.
    """
    unsure = [
        key
        for key, connector in System.objects.values_list("key", "connector")
        if connector in CONNECTORS and CONNECTORS[connector].effect_class == "C"
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {_EFFECTS} SET
                state = CASE WHEN system = ANY(%s::text[]) THEN 'uncertain' ELSE 'planned' END,
                reason = 'the worker that reserved it ended before it could say what happened',
                fence = fence + 1, lease_until = NULL, holder = NULL,
                ended_at = CASE WHEN system = ANY(%s::text[]) THEN now() END
            WHERE id IN (
                SELECT id FROM {_EFFECTS} e
                WHERE state = 'reserved' AND (lease_until < now() OR NOT EXISTS (
                    SELECT 1 FROM pg_stat_activity a WHERE a.pid = e.holder AND a.backend_start <= e.reserved_at))
                FOR UPDATE SKIP LOCKED)
            """,  # noqa: S608
            [bulk.array(unsure), bulk.array(unsure)],
        )
        return int(cursor.rowcount)
