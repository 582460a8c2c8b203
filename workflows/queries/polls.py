"""Which far sides are asked what changed there, and what came of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from workflows.engine import record_changes
from workflows.models import EventType, Poll, Source, System
from workflows.queries import connections, sources


def due(*, at: datetime, connectors: Collection[str]) -> list[str]:
    """Systems that it is time to ask: not paused, and their event is in the catalog."""
    if not is_planned() or connections.outbound().off:
        return []
    later = Poll.objects.filter(system=OuterRef("key"), next_at__gt=at)
    rows = System.objects.filter(~Q(Exists(later)), connector__in=connectors, paused=False)
    return list(rows.order_by("key").values_list("key", flat=True))


def is_planned() -> bool:
    """Does the catalog have the event that a change becomes? Without it every change would be held."""
    return EventType.objects.filter(name=record_changes.NAME).exists()


@dataclass(frozen=True, slots=True)
class Asked:
    """One connection that is asked what changed there."""

    system: System
    #: Empty before it was asked for the first time.
    poll: Poll
    source: Source | None
    is_planned: bool
    event: str = record_changes.NAME

    @property
    def why_not(self) -> str:
        """Why it is not asked now, for who looks at it; empty where it is."""
        if not self.is_planned:
            return f"The event {self.event} is not in the catalog, so nothing is asked."
        if self.source and not self.source.enabled:
            return f"The source {self.source.name} is off, so nothing is asked."
        if self.source and self.source.mapping_id is None:
            return f"The source {self.source.name} has no mapping: its events begin workflows and change no contact."
        return ""


def of(system: System) -> Asked:
    """How a connection is asked, and what came of it."""
    source = Source.objects.filter(key=sources.key_of_changes(system.key)).first()
    return Asked(system, Poll.objects.filter(pk=system.key).first() or Poll(system=system.key), source, is_planned())
