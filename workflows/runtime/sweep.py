"""What is overdue: expired leases, and work whose doorbell nobody heard. Correctness needs nothing but this."""

from django.db import connection

from martechops.lib.frozen import dataclass
from workflows.models import QueuedEvent, Timer

from . import claim, effects, orphans, reconcile, testimony


@dataclass(frozen=True, slots=True)
class Overdue:
    """What there is to do, so that the caller can ring for it."""

    events_or_timers: bool
    effects: bool


def sweep() -> Overdue:
    """Free orphaned reservations and lanes, and say which work is waiting."""
    testimony.hear()
    orphans.free()
    claim.free_the_hung()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT EXISTS (SELECT 1 FROM {QueuedEvent._meta.db_table})
                OR EXISTS (SELECT 1 FROM {Timer._meta.db_table} WHERE due_at <= now())
            """  # noqa: S608
        )
        events_or_timers = bool(cursor.fetchone()[0])
    at = claim.database_now()
    return Overdue(events_or_timers, bool(effects.due_systems(at=at) or reconcile.due_systems(at=at)))
