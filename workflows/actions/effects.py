"""What a person decides about effects: it happened, it did not, it is not wanted any more, ask the far side."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from django.db import transaction

from martechops.audit import entries
from martechops.lib import wake
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.models import Effect

#: So many at once: each is entered in the audit log.
MOST_AT_ONCE = 200

_UNCERTAIN = (Effect.State.UNCERTAIN,)
_OPEN = (Effect.State.UNCERTAIN, Effect.State.FAILED, Effect.State.HELD)


class Verb(Protocol):
    """What all of them take."""

    def __call__(self, *, effects: Iterable[int], by: User, at: datetime, note: str) -> int: ...


class WrongState(Exception):
    """None of the effects is in a state in which this can be said of it."""


@transaction.atomic
def it_happened(*, effects: Iterable[int], by: User, at: datetime, note: str) -> int:
    """Uncertain effects were carried out after all; returns how many. Raises `WrongState`, ValueError for no note."""
    found = _locked(effects, _UNCERTAIN, by=by, note=note)
    for effect in found:
        _settle(effect, Effect.State.DONE, f"{by.get_username()} found that it happened: {note}", at=at)
    return _write(found, "effect.happened", by=by, at=at, note=note)


@transaction.atomic
def send_again(*, effects: Iterable[int], by: User, at: datetime, note: str) -> int:
    """Uncertain effects that did not happen, or failed ones whose cause is mended, are tried anew, guards and all."""
    found = _locked(effects, (Effect.State.UNCERTAIN, Effect.State.FAILED), by=by, note=note)
    for effect in found:
        _plan(effect, f"{by.get_username()} had it sent again: {note}", at=at)
    return _write(found, "effect.send-again", by=by, at=at, note=note)


@transaction.atomic
def skip(*, effects: Iterable[int], by: User, at: datetime, note: str) -> int:
    """Uncertain, failed or held effects are not wanted any more."""
    found = _locked(effects, _OPEN, by=by, note=note)
    for effect in found:
        _settle(effect, Effect.State.CANCELLED, f"{by.get_username()} let it go: {note}", at=at)
    return _write(found, "effect.skip", by=by, at=at, note=note)


@transaction.atomic
def release(*, effects: Iterable[int], by: User, at: datetime, note: str) -> int:
    """Held effects may go on; their guards are asked once more."""
    found = _locked(effects, (Effect.State.HELD,), by=by, note=note)
    for effect in found:
        _plan(effect, f"{by.get_username()} let it go on: {note}", at=at)
    return _write(found, "effect.release", by=by, at=at, note=note)


@transaction.atomic
def ask(*, effects: Iterable[int], by: User, at: datetime, note: str) -> int:
    """Have the far side asked whether uncertain effects happened; where it cannot be asked, nothing changes."""
    found = _locked(effects, _UNCERTAIN, by=by, note=note)
    for effect in found:
        effect.probe_at = at
    return _write(found, "effect.ask", by=by, at=at, note=note)


#: What can be said of effects, by the name that forms and the interface use.
VERBS: dict[str, Verb] = {
    "happened": it_happened,
    "send-again": send_again,
    "skip": skip,
    "release": release,
    "ask": ask,
}


def _locked(effects: Iterable[int], states: Sequence[str], *, by: User, note: str) -> list[Effect]:
    check_may(by, "effects.resolve")
    if not note.strip():
        raise ValueError("Say how you know, in a few words: the next person will ask.")
    ids = sorted(set(effects))[: MOST_AT_ONCE + 1]
    if len(ids) > MOST_AT_ONCE:
        raise ValueError(f"At most {MOST_AT_ONCE} at once.")
    found = list(Effect.objects.select_for_update().filter(pk__in=ids, state__in=states).order_by("pk"))
    if not found:
        raise WrongState("Nothing was changed: somebody, or the far side, has settled this already.")
    return found


def _settle(effect: Effect, state: str, reason: str, *, at: datetime) -> None:
    effect.state, effect.reason, effect.ended_at, effect.probe_at = state, reason, at, None
    effect.fence += 1


def _plan(effect: Effect, reason: str, *, at: datetime) -> None:
    """From the start: tries count anew, and nothing is in doubt any more."""
    _settle(effect, Effect.State.PLANNED, reason, at=at)
    effect.ended_at, effect.doubt_since, effect.not_before, effect.tries = None, None, at, 0


_COLUMNS = ("state", "reason", "ended_at", "probe_at", "fence", "doubt_since", "not_before", "tries")


def _write(found: Sequence[Effect], action: str, *, by: User, at: datetime, note: str) -> int:
    Effect.objects.bulk_update(found, _COLUMNS)
    for effect in found:
        detail = {"kind": effect.kind, "system": effect.system, "note": note}
        entries.record(action=action, object_kind="effect", object_key=str(effect.pk), by=by, at=at, detail=detail)
    wake.after_commit("workflows.deliver")
    return len(found)
