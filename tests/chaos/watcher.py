"""Looks at the database ten times a second: what is pending, and how long work of the dead waits to be taken up."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import psycopg

_EVERY_SECONDS = 0.1
#: What is found orphaned so soon after the database came back was orphaned by its crash.
_FRESH_SECONDS = 3.0
#: A session that is gone, as the product itself asks for it.
_IS_GONE = "NOT EXISTS (SELECT FROM pg_stat_activity s WHERE s.pid = {} AND s.backend_start <= {})"

PENDING = """
SELECT (SELECT count(*) FROM workflows_queuedevent),
       (SELECT count(*) FROM workflows_effect WHERE state = 'planned'),
       (SELECT count(*) FROM workflows_effect WHERE state = 'reserved'),
       (SELECT count(*) FROM workflows_timer)
"""
_ORPHANS = f"""
SELECT 'effect', id, fence FROM workflows_effect
WHERE state = 'reserved' AND {_IS_GONE.format("holder", "reserved_at")}
UNION ALL
SELECT 'event', q.event_id, 0 FROM workflows_attempt a, json_array_elements_text(a.event_ids::json) AS e (id)
JOIN workflows_queuedevent q ON q.event_id = e.id::bigint
WHERE {_IS_GONE.format("a.holder", "a.at")}
"""
_STILL = f"""
SELECT 'effect', id, (state = 'planned')::int FROM workflows_effect WHERE id = ANY(%s)
AND (state = 'planned' OR state = 'reserved' AND {_IS_GONE.format("holder", "reserved_at")})
UNION ALL SELECT 'event', q.event_id, 0 FROM workflows_queuedevent q WHERE q.event_id = ANY(%s) AND NOT EXISTS (
    SELECT FROM workflows_attempt a, json_array_elements_text(a.event_ids::json) AS e (id)
    WHERE e.id::bigint = q.event_id AND NOT {_IS_GONE.format("a.holder", "a.at")})
"""


@dataclass(slots=True)
class Wait:
    """Work that its worker left behind."""

    since: float
    #: When it was first seen to be anybody's again: given back by the sweep, or taken at once.
    back_at: float | None = None
    #: The database was away meanwhile, too.
    database_away: bool = False


@dataclass(slots=True)
class Watcher:
    """One thread with a session of its own."""

    conninfo: str
    events: int = 0
    planned: int = 0
    reserved: int = 0
    timers: int = 0
    looked_at: float = 0
    #: Seconds from a worker's death to its work being taken up, while the database was there and while it was not.
    reclaimed: list[float] = field(default_factory=list)
    reclaimed_with_database_away: list[float] = field(default_factory=list)
    #: Seconds from a worker's death to an effect of its being given back; the rest is the queue that it stands in.
    given_back: list[float] = field(default_factory=list)
    #: Seconds for which the database did not answer.
    away: list[float] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    _orphans: dict[tuple[str, int], Wait] = field(default_factory=dict)
    _thread: threading.Thread | None = None
    _back_at: float = float("-inf")

    @property
    def pending(self) -> int:
        return self.events + self.planned + self.reserved + self.timers

    @property
    def backlog(self) -> int:
        """Of what can be done at once."""
        return self.events + self.planned + self.reserved

    def start(self) -> None:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.over.set()
        if self._thread:
            self._thread.join()

    def _watch(self) -> None:
        away_since: float | None = None
        while not self.over.is_set():
            try:
                with psycopg.connect(self.conninfo, autocommit=True) as database:
                    if away_since is not None:
                        self.away.append(time.monotonic() - away_since)
                        away_since, self._back_at = None, time.monotonic()
                    while not self.over.wait(_EVERY_SECONDS):
                        self._look(database)
            except psycopg.Error:
                away_since = away_since or time.monotonic()
                for wait in self._orphans.values():
                    wait.database_away = True
                self.over.wait(_EVERY_SECONDS)

    def _look(self, database: psycopg.Connection[Any]) -> None:
        now = time.monotonic()
        self.events, self.planned, self.reserved, self.timers = database.execute(PENDING).fetchone() or (0, 0, 0, 0)
        self.looked_at = now
        for kind, key, _fence in database.execute(_ORPHANS).fetchall():
            # Whoever has just come back from a crash of the database finds everything orphaned.
            self._orphans.setdefault((kind, key), Wait(now, database_away=now - self._back_at < _FRESH_SECONDS))
        if not self._orphans:
            return
        ids = {kind: [key for of, key in self._orphans if of == kind] for kind in ("effect", "event")}
        still = {row[:2]: bool(row[2]) for row in database.execute(_STILL, [ids["effect"], ids["event"]]).fetchall()}
        for key, wait in self._orphans.items():
            if wait.back_at is None and still.get(key, key[0] == "effect"):
                wait.back_at = now
        for key in [key for key in self._orphans if key not in still]:
            wait = self._orphans.pop(key)
            if wait.back_at is not None and not wait.database_away:
                self.given_back.append(wait.back_at - wait.since)
            (self.reclaimed_with_database_away if wait.database_away else self.reclaimed).append(now - wait.since)
