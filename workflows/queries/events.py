"""Inbound events as people look for them, and what is kept in quarantine."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import JSONField, Q
from django.db.models.functions import Cast

from martechops.lib import windows
from workflows.models import EventConflict, InboundEvent, QuarantinedEvent, QueuedEvent


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event and how far it got: queued, quarantined, replayed, dismissed or handled."""

    event: InboundEvent
    state: str


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What the address bar asks for; empty means any."""

    name: str = ""
    type: str = ""
    source_id: int | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What still waits to be handled."""

    count: int
    oldest_at: datetime | None


def window(wanted: EventFilter, *, before: str = "") -> tuple[list[EventLine], windows.Window[InboundEvent]]:
    """Events that answer the filter, newest first, each with its state."""
    rows = InboundEvent.objects.defer("body")
    if wanted.name:
        rows = rows.filter(name__iexact=wanted.name)
    if wanted.type:
        rows = rows.filter(type=wanted.type)
    if wanted.source_id is not None:
        rows = rows.filter(source_id=wanted.source_id)
    found = windows.by_id(rows, before=before)
    states = _states([event.pk for event in found.rows])
    return [EventLine(event=event, state=states.get(event.pk, "handled")) for event in found.rows], found


def _states(ids: list[int]) -> dict[int, str]:
    kept = QuarantinedEvent.objects.filter(pk__in=ids).values_list("pk", "state", "kind")
    states = {pk: _quarantine_state(state, kind) for pk, state, kind in kept}
    queued = QueuedEvent.objects.filter(pk__in=ids).values_list("pk", flat=True)
    return states | dict.fromkeys(queued, "queued")


def _quarantine_state(state: str, kind: str) -> str:
    if state != QuarantinedEvent.State.HELD:
        return state
    return "dead" if kind == "dead_letter" else "quarantined"


def state_of(event_id: int) -> str:
    """How far one event got."""
    return _states([event_id]).get(event_id, "handled")


def found(event_id: int) -> InboundEvent | None:
    """One event with its quarantine, if it is or was in it."""
    return InboundEvent.objects.filter(pk=event_id).select_related("quarantine").first()


def conflicts(event_id: int) -> list[EventConflict]:
    """Other messages that came under the same id."""
    return list(EventConflict.objects.filter(event_id=event_id).order_by("pk")[:20])


def quarantine(*, state: str = "held", kind: str = "", before: str = "") -> windows.Window[QuarantinedEvent]:
    """What is in quarantine, newest first; with `kind`, what has such a fault (`workflows.engine.schemas.KINDS`)."""
    rows = QuarantinedEvent.objects.filter(state=state).select_related("event")
    if kind:
        # jsonb for this one question only: the column is json, as it is written by machines
        rows = rows.annotate(faults=Cast("reasons", JSONField())).filter(Q(("faults__contains", [{"kind": kind}])))
    return windows.by_instant(rows, field="at", before=before, size=25)


def held_count() -> int:
    """How many events wait for a person."""
    return QuarantinedEvent.objects.filter(state=QuarantinedEvent.State.HELD).count()


def common_names(*, limit: int = 30) -> list[str]:
    """Names among the last thousand events, most frequent first, to choose from in a filter."""
    recent = InboundEvent.objects.order_by("-pk").exclude(name="").values_list("name", flat=True)[:1000]
    counts: dict[str, int] = {}
    for name in recent:
        counts[name] = counts.get(name, 0) + 1
    return sorted(counts, key=lambda name: (-counts[name], name))[:limit]


def backlog() -> Backlog:
    """How much waits and since when."""
    count = QueuedEvent.objects.count()
    first = QueuedEvent.objects.order_by("pk").values_list("pk", flat=True).first() if count else None
    oldest = InboundEvent.objects.filter(pk=first).values_list("received_at", flat=True).first() if first else None
    return Backlog(count=count, oldest_at=oldest)
