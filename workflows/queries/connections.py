"""Connections as ops look at them: what each allows now, and what waits, is under way, or needs a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count

from workflows.models import Connection, ConnectionHealth, Effect, OutboundSwitch, System

#: As `workflows.runtime.links.BREAKS_AFTER`; a test holds them equal.
BREAKS_AFTER = 5
#: Connectors whose far side is a part of this installation (a test holds them to `Connector.local`).
_INSIDE = ("", "sandbox_crm", "sandbox_mailbox", "captured", "in_app")
#: Waiting effects are counted up to here.
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Overview:
    """One connection at one instant."""

    system: System
    terms: Connection | None
    health: ConnectionHealth
    waiting: int
    counts: Mapping[str, int]
    at: datetime
    outbound_off: bool = False

    @property
    def state(self) -> str:
        """What holds it, the strongest first; "ready" if nothing does."""
        if self.outbound_off or self.system.paused:
            return "stopped_by_hand"
        if self.health.disabled:
            return "disabled"
        if self.breaker == "open":
            return "breaker_open"
        if self.health.closed_until and self.health.closed_until > self.at:
            return "asked_to_wait"
        return "trying" if self.breaker == "half open" else "ready"

    @property
    def breaker(self) -> str:
        """closed, open, or half open: the next request shows whether the far side is there again."""
        if self.health.failures < BREAKS_AFTER:
            return "closed"
        return "open" if self.health.closed_until and self.health.closed_until > self.at else "half open"

    @property
    def rate_used(self) -> float | None:
        """How much of its allowance is spent just now, 0 to 1; None without a rate."""
        per_second = self.terms.per_second if self.terms else None
        if not per_second:
            return None
        ahead = (self.health.spent_until - self.at).total_seconds() if self.health.spent_until else 0
        return min(1.0, max(0.0, ahead / (max(1.0, per_second) / per_second)))

    @property
    def rate_words(self) -> str:
        """The same in words."""
        used = self.rate_used
        return "" if used is None or self.terms is None else f"{used:.0%} of {self.terms.per_second:g} a second"

    @property
    def in_flight(self) -> int:
        return self.counts.get(Effect.State.RESERVED, 0)

    @property
    def needs_a_person(self) -> int:
        return sum(self.counts.get(state, 0) for state in (Effect.State.UNCERTAIN, Effect.State.FAILED))

    @property
    def secret_names(self) -> list[str]:
        return sorted(self.terms.secrets) if self.terms else []


def overviews(*, at: datetime) -> list[Overview]:
    """Every system that something can be sent to."""
    systems = System.objects.exclude(connector="").select_related("owner", "connection")
    return _overviews(list(systems), at=at)


def overview(system: System, *, at: datetime) -> Overview:
    """One connection."""
    return _overviews([system], at=at)[0]


def any_in_earnest() -> bool:
    """Does any connection let something out of this installation?"""
    return System.objects.exclude(connector__in=_INSIDE).filter(sandbox=False).exists()


def outbound() -> OutboundSwitch:
    """The switch of the workspace, as it stands."""
    return OutboundSwitch.objects.filter(pk=1).first() or OutboundSwitch(pk=1)


def _overviews(systems: list[System], *, at: datetime) -> list[Overview]:
    health = ConnectionHealth.objects.in_bulk([system.key for system in systems])
    terms = Connection.objects.in_bulk([system.pk for system in systems])
    counts = _counts()
    waiting = _waiting([system.key for system in systems])
    off = outbound().off
    return [
        Overview(
            system=system,
            terms=terms.get(system.pk),
            health=health.get(system.key) or ConnectionHealth(system=system.key),
            waiting=waiting.get(system.key, 0),
            counts=counts.get(system.key, {}),
            at=at,
            outbound_off=off,
        )
        for system in systems
    ]


def _counts() -> dict[str, dict[str, int]]:
    """By system and state, of what is under way or needs a person: two questions, and an index for each."""
    counts: dict[str, dict[str, int]] = {}
    for states in ([Effect.State.RESERVED], [Effect.State.UNCERTAIN, Effect.State.FAILED, Effect.State.HELD]):
        rows = Effect.objects.filter(state__in=states).values_list("system", "state").annotate(Count("pk")).order_by()
        for system, state, count in rows:
            counts.setdefault(system, {})[state] = count
    return counts


def _waiting(keys: list[str]) -> dict[str, int]:
    """Planned effects by system, from the index and no further than there is something to say."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT asked.key, (SELECT count(*) FROM (SELECT 1 FROM {Effect._meta.db_table} e
                         WHERE e.state = 'planned' AND e.system = asked.key LIMIT {MOST_COUNTED}) AS waiting)
            FROM unnest(%s::text[]) AS asked (key)
            """,  # noqa: S608
            [keys],
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return dict(rows)
