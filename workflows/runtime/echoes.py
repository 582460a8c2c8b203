"""Changes at a far side that our own writes made there: known, and no news."""

from collections.abc import Mapping, Sequence
from typing import Any

from workflows.engine import record_changes
from workflows.queries import echoes

from .claim import ClaimedEvent
from .definitions import Definitions
from .recognise import Recognised


def among(
    events: Sequence[ClaimedEvent], recognised: Mapping[int, Recognised], definitions: Definitions
) -> Mapping[int, int]:
    """Event → the effect of ours that it tells of. Asked of the database only where such events are in the batch.

    A far side that says who changed a record says it of our requests, too, and those never became events
    (`runtime.polling`): only of others is it guessed.
    """
    told = []
    for event in events:
        if event.name != record_changes.NAME or event.id not in recognised:
            continue
        properties: Mapping[str, Any] = event.body.get("properties") or {}
        source = definitions.sources.get(event.source_id)
        if properties.get("by") or source is None or source.writer.kind != "system":
            continue
        told.append(
            echoes.Told(
                event_id=event.id,
                contact_id=recognised[event.id].contact_id,
                system=source.writer.name,
                field=str(properties.get("field")),
                value=properties.get("to"),
                changed_at=event.occurred_at,
            )
        )
    return echoes.among(told)
