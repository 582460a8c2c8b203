"""What each connection allows just now: its switch, its rate, its breaker, its quiet hours, its sandbox mode.

The row of a connection's health is a turnstile: whoever reserves or records holds its lock, so two workers never spend
the same token, and a kill switch that was committed is seen by every reservation after it (FAULTS F6, F22).
"""

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from martechops.lib import prepared, sealed
from martechops.lib.frozen import dataclass
from workflows.connectors import CONNECTORS, Connector
from workflows.connectors.base import Link
from workflows.models import Connection, ConnectionHealth, Effect, OutboundSwitch, System

#: Failures in a row after which a connection is left alone for a while and then tried with one request.
BREAKS_AFTER = 5
#: Effects reserved at once for a far side inside this installation.
LOCAL_BATCH = 50

_HEALTH = ConnectionHealth._meta.db_table


@dataclass(frozen=True, slots=True)
class Health:
    """A connection as the machine knows it, under its lock."""

    spent_until: datetime | None = None
    closed_until: datetime | None = None
    failures: int = 0
    disabled: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What people set about a connection."""

    off: bool = False
    paused: bool = False
    per_second: float | None = None
    at_once: int | None = None
    quiet_from: time | None = None
    quiet_to: time | None = None
    quiet_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Route:
    """One system, the connector that reaches it now, and how many more effects it may be given."""

    system: str
    connector: Connector | None
    link: Link
    room: int
    health: Health
    per_second: float | None = None
    sender: str = ""
    #: Calls at a time.
    at_once: int = LOCAL_BATCH

    @property
    def effect_class(self) -> str:
        return self.connector.effect_class if self.connector else "A"


def enter(system: str, *, limit: int, at: datetime, ahead: int = 0) -> Route:
    """Take the turnstile of a connection and see what it allows. Call inside the reserving transaction.

    So many are allowed `ahead` where the far side can tell a repeat, and only to a worker that has the connection for
    itself: so nobody else makes calls meanwhile, and what is called at a time stays below the connection's limit.
    """
    health = _locked(system)
    row = _row(system)
    connector, link = _reached(system, row)
    terms = Terms(*(row[name] for name in Terms.__dataclass_fields__))
    most = min(limit, LOCAL_BATCH) if connector is None or connector.local else terms.at_once or connector.at_once
    local = connector is None or connector.local
    extra = 0 if local or connector.effect_class == "C" or row["of_others"] else ahead  # type: ignore[union-attr]
    in_flight = 0 if local else row["in_flight"]
    room = allowed(terms, health, most=min(limit, most) + extra, in_flight=in_flight, at=at)
    sender = str((row["settings"] or {}).get("sender") or "")
    return Route(system, connector, link, room, health, per_second=terms.per_second, sender=sender, at_once=most)


def ask(system: str, *, at: datetime) -> Route | None:
    """Take the turnstile to ask the far side one thing; None while the connection stands still.

    What keeps effects waiting keeps a question waiting too, besides quiet hours, which are about what leaves, and the
    effects that are under way. Call inside a transaction.
    """
    health, row = _locked(system), _row(system)
    connector, link = _reached(system, row)
    terms = replace(Terms(*(row[name] for name in Terms.__dataclass_fields__)), quiet_from=None, quiet_to=None)
    room = allowed(terms, health, most=1, in_flight=0, at=at)
    route = Route(system, connector, link, room, health, per_second=terms.per_second)
    spend(route, room, at=at)
    return route if room else None


def allowed(terms: Terms, health: Health, *, most: int, in_flight: int, at: datetime) -> int:
    """How many effects may be reserved now."""
    if terms.off or terms.paused or health.disabled or is_quiet(terms, at=at):
        return 0
    if health.closed_until and health.closed_until > at:
        return 0
    room = most - in_flight
    if health.failures >= BREAKS_AFTER:  # half open: one request shows whether it is there again
        room = min(room, 1 - in_flight)
    if terms.per_second:
        room = min(room, _tokens(terms.per_second, health.spent_until, at))
    return max(0, room)


def is_quiet(terms: Terms, *, at: datetime) -> bool:
    """Is it within the quiet hours, which may go over midnight?

    >>> from datetime import UTC
    >>> night = Terms(quiet_from=time(22), quiet_to=time(7), quiet_zone="Europe/Berlin")
    >>> [is_quiet(night, at=datetime(2026, 11, 2, hour, tzinfo=UTC)) for hour in (5, 6, 21)]
    [True, False, True]
    """
    begins, ends = terms.quiet_from, terms.quiet_to
    if begins is None or ends is None or begins == ends:
        return False
    now = at.astimezone(ZoneInfo(terms.quiet_zone)).time()
    return begins <= now < ends if begins < ends else now >= begins or now < ends


def spend(route: Route, count: int, *, at: datetime) -> None:
    """Take so many tokens from the connection's allowance."""
    if not route.per_second or not count:
        return
    spent = max(route.health.spent_until or at, at) + timedelta(seconds=count / route.per_second)
    _write(route.system, {"spent_until": spent})


def _tokens(per_second: float, spent_until: datetime | None, at: datetime) -> int:
    """A bucket of one second's worth, at least one, that refills steadily."""
    burst_seconds = max(1.0, per_second) / per_second
    ahead = max(0.0, ((spent_until or at) - at).total_seconds())
    return int((burst_seconds - ahead) * per_second + 1e-6)


def pause_after(failures: int) -> timedelta:
    """Full jitter: anything up to twice as long as after the failure before, and never more than the setting says."""
    longest = min(settings.OUTBOUND_LONGEST_PAUSE_SECONDS, 2.0 ** min(failures - BREAKS_AFTER + 2, 20))
    return timedelta(seconds=random.uniform(min(1, longest), longest))  # noqa: S311  jitter, not secrecy


@dataclass(frozen=True, slots=True)
class Experience:
    """What one batch of calls showed about the connection itself."""

    answered: bool
    failures: int
    says: str = ""
    #: As long as the far side asked to be left alone.
    after_seconds: float = 0
    #: It said that nobody is there any more.
    gone: str = ""


def learn(system: str, seen: Experience, *, at: datetime) -> None:
    """Note it: an answer closes the breaker, failures open it, and a Retry-After is kept to by every worker."""
    if seen.answered and not seen.failures and not seen.after_seconds and not seen.gone:
        _note_answer(system, at)
        return
    health = _locked(system)
    failures = seen.failures if seen.answered else health.failures + seen.failures
    changes: dict[str, Any] = {"failures": failures, "says": seen.says[:500], "last_failed_at": at}
    if seen.answered:
        changes["last_done_at"] = at
    until = [at + timedelta(seconds=seen.after_seconds)] if seen.after_seconds else []
    if failures >= BREAKS_AFTER:
        until.append(at + pause_after(failures))
    if until:
        changes["closed_until"] = max([*until, *([health.closed_until] if health.closed_until else [])])
    if seen.gone:
        changes["disabled"] = seen.gone
    _write(system, changes)


def _note_answer(system: str, at: datetime) -> None:
    """Written when it changes something, else once in ten seconds: a row that every batch wrote would bloat."""
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {_HEALTH} SET failures = 0, last_done_at = %s, says = '',
                closed_until = CASE WHEN failures = 0 THEN closed_until END
            WHERE system = %s AND (failures > 0 OR last_done_at IS NULL OR last_done_at < %s - interval '10 s')
            """,  # noqa: S608
            [at, system, at],
        )


def _locked(system: str) -> Health:
    with prepared.cursor() as cursor:
        for _ in range(2):
            cursor.execute(
                f"SELECT spent_until, closed_until, failures, disabled FROM {_HEALTH} WHERE system = %s FOR UPDATE",  # noqa: S608
                [system],
            )
            if row := cursor.fetchone():
                return Health(*row)
            cursor.execute(
                f"INSERT INTO {_HEALTH} (system, failures, says, disabled) "  # noqa: S608
                "VALUES (%s, 0, '', '') ON CONFLICT DO NOTHING",
                [system],
            )
    return Health()


def _write(system: str, changes: Mapping[str, Any]) -> None:
    ConnectionHealth.objects.filter(pk=system).update(**changes)


def _row(system: str) -> dict[str, Any]:
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT s.id, coalesce(s.connector, '') AS connector, coalesce(s.sandbox, true) AS sandbox,
                coalesce(s.paused, false) AS paused, coalesce((SELECT bool_or(o.off) FROM {_SWITCH} o), false) AS off,
                c.settings::json AS settings, c.secrets::json AS secrets, c.per_second, c.at_once,
                c.quiet_from, c.quiet_to, coalesce(c.quiet_zone, 'UTC') AS quiet_zone,
                r.in_flight, r.of_others
            FROM (SELECT %s::text AS key) one LEFT JOIN {_SYSTEMS} s ON s.key = one.key
            LEFT JOIN {_CONNECTIONS} c ON c.system_id = s.id
            CROSS JOIN LATERAL (
                SELECT count(*) AS in_flight, count(*) FILTER (WHERE holder <> pg_backend_pid()) AS of_others
                FROM {_EFFECTS} WHERE state = 'reserved' AND system = one.key) r
            """,  # noqa: S608
            [system],
        )
        names = [column[0] for column in cursor.description]
        return dict(zip(names, cursor.fetchone(), strict=True))


_SWITCH, _EFFECTS = OutboundSwitch._meta.db_table, Effect._meta.db_table
_SYSTEMS, _CONNECTIONS = System._meta.db_table, Connection._meta.db_table


def _reached(system: str, row: Mapping[str, Any]) -> tuple[Connector | None, Link]:
    """The system's connector, or what stands in for it in sandbox mode; secrets only for the one that needs them."""
    connector = CONNECTORS.get(row["connector"])
    if connector is None:
        return None, Link(system=system)
    if row["sandbox"] and not connector.local:
        return CONNECTORS[connector.stand_in], Link(system=system)
    return connector, Link(system=system, settings=row["settings"] or {}, secrets=_opened(row))


def _opened(row: Mapping[str, Any]) -> dict[str, str]:
    """Those that open; a connector says what it misses."""
    opened = {}
    for name, envelope in (row["secrets"] or {}).items():
        try:
            opened[name] = sealed.open_(envelope, owner=Connection.sealed_for(row["id"], name))
        except sealed.CannotOpen:
            continue
    return opened


def route_of(system: str) -> Route:
    """As `enter`, without taking the turnstile and without room: for asking the far side what it knows."""
    connector, link = _reached(system, _row(system))
    return Route(system, connector, link, 0, Health())
