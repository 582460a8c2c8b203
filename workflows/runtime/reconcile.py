"""Effects in doubt: where the far side can be asked whether they happened, it is asked, and its word counts."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from martechops.lib import failures, prepared
from workflows.connectors.base import Request, TryLater
from workflows.models import Effect

from . import links

log = structlog.get_logger()

_EFFECTS = Effect._meta.db_table
#: Asked again after so long when no answer came, up to a day after it began to be in doubt.
ASK_AGAIN = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(days=1)
#: So many at once.
_BATCH = 10


def due_systems(*, at: datetime) -> list[str]:
    """Systems that are to be asked about something now."""
    with prepared.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT system FROM {_EFFECTS} WHERE state = 'uncertain' AND probe_at <= %s",  # noqa: S608
            [at],
        )
        return [row[0] for row in cursor.fetchall()]


def ask(system: str, *, at: datetime) -> int:
    """Ask about some of a system's effects in doubt; returns how many. No network inside a transaction."""
    taken = _take(system, at)
    if not taken:
        return 0
    route = links.route_of(system)
    for id, key, kind, contact_id, outcome, fence in taken:
        content = (outcome or {}).get("content") or {}
        request = Request(key=UUID(str(key)), kind=kind, content=content, link=route.link, contact_id=contact_id)
        happened = _probe(route, request)
        if happened is not None:
            _write(id, fence, happened)
    return len(taken)


def _probe(route: links.Route, request: Request) -> bool | None:
    if route.connector is None:
        return None
    try:
        return route.connector.probe(request)
    except TryLater:
        return None
    except Exception as error:  # noqa: BLE001 - asking must never make things worse
        log.error("probe_failed", system=route.system, error=failures.place(error))
        return None


def _take(system: str, at: datetime) -> list[tuple[Any, ...]]:
    """Put their next turn off before asking, so that another worker does not ask the same. One statement."""
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {_EFFECTS} SET probe_at = CASE WHEN doubt_since > %s THEN %s::timestamptz END
            WHERE id IN (SELECT id FROM {_EFFECTS} WHERE state = 'uncertain' AND probe_at <= %s AND system = %s
                         ORDER BY probe_at LIMIT {_BATCH} FOR UPDATE SKIP LOCKED)
            RETURNING id, key, kind, contact_id, outcome, fence
            """,  # noqa: S608
            [at - GIVE_UP_AFTER, at + ASK_AGAIN, at, system],
        )
        return list(cursor.fetchall())


def _write(id: int, fence: int, happened: bool) -> None:
    state, reason = (
        ("done", "the far side was asked, and says that it happened")
        if happened
        else ("planned", "the far side was asked, and says that it did not happen")
    )
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {_EFFECTS} SET state = %s, reason = %s, probe_at = NULL, doubt_since = NULL, fence = fence + 1,
                ended_at = CASE WHEN %s = 'done' THEN now() END
            WHERE id = %s AND fence = %s AND state = 'uncertain'
            """,  # noqa: S608
            [state, reason, state, id, fence],
        )
