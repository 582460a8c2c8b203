"""Our own writes that come back as changes: recognised by the key we sent, else by value and time."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from workflows.models import Effect

#: A far side's clock may differ from ours by so much.
CLOCKS_DIFFER = timedelta(minutes=2)
_HAPPENED = (Effect.State.RESERVED, Effect.State.DONE, Effect.State.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Told:
    """One change of which the far side says neither by whom nor by which request."""

    event_id: int
    contact_id: int
    system: str
    field: str
    value: Any
    changed_at: datetime


def known(*, system: str, keys: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the keys that requests of ours to this system had."""
    if not keys:
        return set()
    return set(Effect.objects.filter(key__in=keys, system=system).values_list("key", flat=True))


def among(told: Sequence[Told]) -> Mapping[int, int]:
    """Event → the effect that wrote the same value into the same field when the event says that it changed.

    One query. What a person wrote back to the value we had sent, minutes before, cannot be told from it: far sides that
    say who changed a record, or under which key, are not asked this.
    """
    if not told:
        return {}
    rows = Effect.objects.filter(
        contact_id__in={one.contact_id for one in told},
        kind="upsert_record",
        state__in=_HAPPENED,
        reserved_at__gte=min(one.changed_at for one in told) - 2 * CLOCKS_DIFFER,
    ).order_by("pk")
    sent: dict[int, list[Effect]] = {}
    for effect in rows:
        sent.setdefault(effect.contact_id or 0, []).append(effect)
    found = {one.event_id: next((e for e in sent.get(one.contact_id, ()) if _is_of(e, one)), None) for one in told}
    return {event_id: effect.pk for event_id, effect in found.items() if effect}


def _is_of(effect: Effect, told: Told) -> bool:
    fields = effect.payload.get("fields") or {}
    if effect.system != told.system or told.field not in fields or fields[told.field] != told.value:
        return False
    began, ended = effect.reserved_at, effect.ended_at or effect.reserved_at
    if began is None or ended is None:
        return False
    return began - CLOCKS_DIFFER <= told.changed_at <= ended + CLOCKS_DIFFER
