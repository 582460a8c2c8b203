"""What people do with events that were held: send them through again, mend them first, or let them go."""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from martechops.audit import entries
from martechops.lib import strict_json, wake
from martechops.people.permissions import check_may
from workflows.engine import envelope
from workflows.models import InboundEvent, QuarantinedEvent, QueuedEvent
from workflows.queries import event_checks


class NotHeld(Exception):
    """The event is not held any more: somebody else has replayed or dismissed it."""


class CannotBeTaken(ValueError):
    """The corrected body is no message that could be handled; the message says why."""


class StillFaulty(CannotBeTaken):
    """The catalog would hold the corrected body again: `faults` has each place with what is wrong there."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{path} {says}".strip() for path, says in faults))


@dataclass(frozen=True, slots=True)
class Edit:
    """One correction of many messages: a value for a place (a JSON pointer), or the place taken out."""

    pointer: str
    value: Any = None
    removes: bool = False


@dataclass(frozen=True, slots=True)
class Fixed:
    """What became of a correction of many."""

    count: int
    #: (event, what still stands against it) for those that stay held.
    refused: tuple[tuple[int, str], ...]


@transaction.atomic
def replay(*, event: QuarantinedEvent, by: AbstractBaseUser | str, at: datetime) -> None:
    """Have the event handled again, as after a change of the catalog. Raises NotHeld and NotAllowed."""
    _check(by)
    _replay(_locked(event), action="event.replay", by=by, at=at)


@transaction.atomic
def replay_many(*, events: Iterable[QuarantinedEvent], by: AbstractBaseUser | str, at: datetime) -> int:
    """Have those that are still held handled again; how many they were. Raises NotAllowed."""
    _check(by)
    keys = [event.pk for event in events]
    held = QuarantinedEvent.objects.select_for_update(of=("self",)).select_related("event").order_by("pk")
    count = 0
    for event in held.filter(pk__in=keys, state=QuarantinedEvent.State.HELD):
        _replay(event, action="event.replay", by=by, at=at)
        count += 1
    return count


@transaction.atomic
def fix_and_replay(*, event: QuarantinedEvent, body: object, by: AbstractBaseUser | str, at: datetime) -> None:
    """Have `body` handled in the event's place. What was received stays as it is; the audit log names what changed.

    The message's id, type and time stay those of the event, whatever `body` says of them. Raises CannotBeTaken for a
    body that ingest would refuse or the catalog would hold again (StillFaulty), NotHeld and NotAllowed.
    """
    _check(by)
    _fix(_locked(event), body, catalog=event_checks.Catalog(), by=by, at=at)


@transaction.atomic
def fix_many(
    *, events: Iterable[QuarantinedEvent], edits: Sequence[Edit], by: AbstractBaseUser | str, at: datetime
) -> Fixed:
    """The same corrections to each that is still held; those that would be held again stay as they are.

    Raises NotAllowed.
    """
    _check(by)
    catalog = event_checks.Catalog()
    rows = QuarantinedEvent.objects.select_for_update(of=("self",)).select_related("event").order_by("pk")
    count, refused = 0, []
    for held in rows.filter(pk__in=[event.pk for event in events], state=QuarantinedEvent.State.HELD):
        body = copy.deepcopy(held.corrected_body or held.event.body)
        try:
            for edit in edits:
                _edit(body, edit)
            _fix(held, body, catalog=catalog, by=by, at=at)
        except CannotBeTaken as error:
            refused.append((held.pk, str(error)))
        else:
            count += 1
    return Fixed(count=count, refused=tuple(refused))


def _fix(
    held: QuarantinedEvent, body: object, *, catalog: event_checks.Catalog, by: AbstractBaseUser | str, at: datetime
) -> None:
    corrected = _taken(body, of=held.event)
    if faults := catalog.faults(corrected):
        raise StillFaulty(faults)
    changed = sorted(_differences(held.corrected_body or held.event.body, corrected))
    held.corrected_body = corrected
    _replay(held, action="event.fix", by=by, at=at, detail={"changed": changed})


def _edit(body: dict[str, Any], edit: Edit) -> None:
    """Raises CannotBeTaken for a place that this message does not have."""
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in edit.pointer.split("/")[1:]] or [""]
    place: Any = body
    for part in way:
        place = place.get(part) if isinstance(place, dict) else None
    if not isinstance(place, dict) or not last:
        raise CannotBeTaken(f"There is no {edit.pointer} in it.")
    if edit.removes:
        place.pop(last, None)
    else:
        place[last] = edit.value


@transaction.atomic
def dismiss(*, event: QuarantinedEvent, by: AbstractBaseUser | str, at: datetime, reason: str) -> None:
    """Let the event go for good, with a reason for the log. Raises NotHeld, NotAllowed, ValueError for no reason."""
    _check(by)
    if not reason.strip():
        raise ValueError("Say why this event is not needed.")
    held = _locked(event)
    held.state = QuarantinedEvent.State.DISMISSED
    held.save(update_fields=["state"])
    _record(held, action="event.dismiss", by=by, at=at, detail={"reason": reason.strip()})


def _check(by: AbstractBaseUser | str) -> None:
    if not isinstance(by, str):
        check_may(by, "events.replay")


def _locked(event: QuarantinedEvent) -> QuarantinedEvent:
    rows = QuarantinedEvent.objects.select_for_update(of=("self",)).select_related("event")
    held = rows.get(pk=event.pk)
    if held.state != QuarantinedEvent.State.HELD:
        raise NotHeld(f"This event was {held.get_state_display().lower()} already.")
    return held


def _replay(
    held: QuarantinedEvent,
    *,
    action: str,
    by: AbstractBaseUser | str,
    at: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    held.state = QuarantinedEvent.State.REPLAYED
    held.save(update_fields=["state", "corrected_body"])
    lane = envelope.lane(held.corrected_body or held.event.body)
    QueuedEvent.objects.update_or_create(event_id=held.pk, defaults={"lane": lane, "tries": 0})
    _record(held, action=action, by=by, at=at, detail=detail)
    wake.after_commit("workflows.advance")


def _record(
    held: QuarantinedEvent, *, action: str, by: AbstractBaseUser | str, at: datetime, detail: Mapping[str, Any] | None
) -> None:
    entries.record(action=action, object_kind="event", object_key=str(held.pk), by=by, at=at, detail=detail)


def _taken(body: object, *, of: InboundEvent) -> dict[str, Any]:
    """The body as it will be handled, its fixed parts those of the event; CannotBeTaken as ingest would refuse it."""
    if not isinstance(body, dict):
        raise CannotBeTaken("The body must be an object.")
    corrected = body | {key: of.body[key] for key in ("messageId", "timestamp") if key in of.body} | {"type": of.type}
    try:
        raw = orjson.dumps(corrected)
        checked: dict[str, Any] = strict_json.loads(raw)
    except (strict_json.BadJson, TypeError) as error:
        raise CannotBeTaken(f"The body is not JSON as it is accepted here: {error}.") from None
    if len(raw) > envelope.LONGEST_MESSAGE_BYTES:
        raise CannotBeTaken("The body is larger than 32 KiB.")
    if fault := envelope.fault(checked):
        raise CannotBeTaken(f"{fault}.")
    return checked


def _differences(old: object, new: object, path: str = "") -> Iterator[str]:
    """Where two bodies differ, as JSON pointers, without the values (the log holds no personal data)."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old.keys() | new.keys():
            yield from _differences(old.get(key), new.get(key), f"{path}/{key}")
    elif old != new:
        yield path
