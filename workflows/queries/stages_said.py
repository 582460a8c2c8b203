"""Which stages events have said of contacts, whether or not that changed anything there.

An event takes a contact forward only (`runtime.learn`), so what it says of somebody who stands further on leaves no
entry in the history of the stage. Where that further stage turns out to have been a mistake, the event still counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from workflows.models import EventType, InboundEvent, LifecycleStage, Trace
from workflows.queries import aliases


@dataclass(frozen=True, slots=True)
class Said:
    """The furthest of them."""

    stage: str
    #: Its place in the order of stages.
    position: int
    event: str


def since(earliest: Mapping[int, datetime]) -> Mapping[int, Said]:
    """By contact the furthest stage that an event has said from its instant on. Three queries, one where none can."""
    rules = _rules() if earliest else {}
    if not rules:
        return {}
    traces = Trace.objects.filter(
        contact_id__in=earliest, event_id__isnull=False, at__gte=min(earliest.values())
    ).order_by()
    of = {
        event_id: contact_id
        for contact_id, event_id, at in traces.values_list("contact_id", "event_id", "at")
        if contact_id and event_id and at >= earliest[contact_id]
    }
    found: dict[int, Said] = {}
    for event_id, name in InboundEvent.objects.filter(pk__in=list(of), name__in=rules).values_list("pk", "name"):
        contact_id, said = of[event_id], rules[name]
        if contact_id not in found or found[contact_id].position < said.position:
            found[contact_id] = said
    return found


def _rules() -> Mapping[str, Said]:
    """By each name that an event comes under what it says."""
    rows = EventType.objects.exclude(stage_effect=None).select_related("stage_effect")
    found = {row.name: Said(row.stage_effect.key, row.stage_effect.position, row.name) for row in rows}  # type: ignore[union-attr]
    former = {old: new for (kind, old), new in aliases.names().items() if kind == "event-type"}
    return found | {old: found[new] for old, new in former.items() if new in found}


def positions() -> Mapping[str, int]:
    """The place of each stage in their order."""
    return dict(LifecycleStage.objects.values_list("key", "position"))
