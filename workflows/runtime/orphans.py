"""Reservations whose worker is gone: given back where the far side can tell a repeat, uncertain elsewhere."""

from martechops.lib import bulk, prepared
from workflows.connectors import CONNECTORS
from workflows.models import Effect, System

_EFFECTS = Effect._meta.db_table


def free() -> int:
    """A killed worker takes its database session with it, which is seen at once; a hung one is seen by its lease.

    Returns how many were freed. Their fence rises, so that a late answer of the old worker changes nothing.
    """
    unsure = [system.key for system in System.objects.all() if _effect_class(system) == "C"]
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {_EFFECTS} SET
                state = CASE WHEN system = ANY(%s::text[]) THEN 'uncertain' ELSE 'planned' END,
                reason = 'the worker that reserved it ended before it could say what happened',
                fence = fence + 1, lease_until = NULL, holder = NULL,
                doubt_since = coalesce(doubt_since, reserved_at),
                probe_at = CASE WHEN system = ANY(%s::text[]) THEN now() + interval '20 s' END,
                ended_at = CASE WHEN system = ANY(%s::text[]) THEN now() END
            WHERE id IN (
                SELECT id FROM {_EFFECTS} e
                WHERE state = 'reserved' AND (lease_until < now() OR NOT EXISTS (
                    SELECT 1 FROM pg_stat_activity a WHERE a.pid = e.holder AND a.backend_start <= e.reserved_at))
                FOR UPDATE SKIP LOCKED)
            """,  # noqa: S608
            [bulk.array(unsure)] * 3,
        )
        return int(cursor.rowcount)


def _effect_class(system: System) -> str:
    """Of what its effects really go to: in sandbox mode that is what stands in."""
    connector = CONNECTORS.get(system.connector)
    if connector and system.sandbox and not connector.local:
        connector = CONNECTORS[connector.stand_in]
    return connector.effect_class if connector else "A"
