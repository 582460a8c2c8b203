"""What became of effects, written under the fence each was reserved with."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from martechops.lib import crash_points
from martechops.lib.frozen import dataclass
from workflows.connectors.base import Receipt
from workflows.models import Effect

from . import links, witness
from .effects import Claimed, Settled, write

#: After so many tries an effect has failed for good; while the connection itself is down, not before `PATIENCE`.
MOST_TRIES = 8
PATIENCE = timedelta(days=3)
#: What left may still be on its way: the far side is not asked about it sooner.
ASK_AFTER = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Called:
    """One effect after its call, and what the call showed about the connection."""

    settled: Settled
    #: The far side answered, whatever it said.
    answered: bool = True
    #: It was the connection that failed, and not just this effect.
    failed: bool = False
    after_seconds: float = 0
    gone: str = ""

    @property
    def warns(self) -> bool:
        """That the next call over this connection may go as badly."""
        return self.failed or self.after_seconds > 0 or bool(self.gone)


def done(effect: Claimed, receipt: Receipt) -> Called:
    return Called(_settled(effect, Effect.State.DONE, "", receipt))


def refused(effect: Claimed, says: str, *, gone: bool = False) -> Called:
    return Called(_settled(effect, Effect.State.FAILED, says), gone=says if gone else "")


def later(effect: Claimed, says: str, *, at: datetime, after_seconds: float = 0, for_all: bool = False) -> Called:
    """Try again with full jitter, no earlier than the far side allows (FAULTS F6, F22)."""
    return Called(
        _again(effect, says, at=at, after_seconds=after_seconds, patient=for_all),
        answered=not for_all or after_seconds > 0,
        failed=for_all and not after_seconds,
        after_seconds=after_seconds if for_all else 0,
    )


def unknown(effect: Claimed, route: links.Route, says: str, *, at: datetime) -> Called:
    """Repeat where the far side can tell a repeat; elsewhere it is uncertain, and a person or the far side decides."""
    if route.effect_class == "C" or _is_forgotten(effect, route, at):
        settled = replace(_settled(effect, Effect.State.UNCERTAIN, says), doubt_since=at, probe_at=at + ASK_AFTER)
    else:
        settled = replace(_again(effect, says, at=at, patient=True), doubt_since=effect.doubt_since or at)
    return Called(settled, answered=False, failed=True)


def untouched(effect: Claimed, says: str) -> Called:
    """Given back without a call, or without anything having come of it: that says nothing about the connection."""
    return Called(_settled(effect, Effect.State.PLANNED, says), answered=False)


def is_forgotten(effect: Claimed, route: links.Route, *, at: datetime) -> bool:
    """Has it been in doubt for longer than the far side remembers its key?"""
    return _is_forgotten(effect, route, at)


def _is_forgotten(effect: Claimed, route: links.Route, at: datetime) -> bool:
    life = route.connector.key_life if route.connector else None
    return bool(life and effect.doubt_since and effect.doubt_since + life < at)


def _again(effect: Claimed, says: str, *, at: datetime, after_seconds: float = 0, patient: bool = False) -> Settled:
    if effect.tries >= MOST_TRIES and (not patient or effect.planned_at + PATIENCE < at):
        return _settled(effect, Effect.State.FAILED, f"{says} (after {effect.tries} tries)")
    longest = min(settings.OUTBOUND_LONGEST_PAUSE_SECONDS, 2.0 ** min(effect.tries, 20))
    wait = max(after_seconds, random.uniform(0, longest))  # noqa: S311  jitter, not secrecy
    return replace(_settled(effect, Effect.State.PLANNED, says), not_before=at + timedelta(seconds=wait))


def _settled(effect: Claimed, state: str, reason: str, receipt: Receipt | None = None) -> Settled:
    answer = {"says": receipt.says, "details": dict(receipt.details)} if receipt else None
    return Settled(effect.id, effect.fence, state, reason, {"content": effect.content, "receipt": answer})


def record(system: str, called: Sequence[Called], *, at: datetime) -> None:
    """Effects and what they showed about their connection, in one commit."""
    settled = [one.settled for one in called]
    with transaction.atomic():
        links.learn(system, _experience(called), at=at)
        write(settled)
        crash_points.at("deliver.recording")
    witness.own().recorded(settled)


def _experience(called: Sequence[Called]) -> links.Experience:
    failed = [one for one in called if one.failed]
    asked = max((one.after_seconds for one in called), default=0)
    telling = next((one for one in called if one.failed or one.after_seconds or one.gone), None)
    return links.Experience(
        answered=any(one.answered for one in called),
        failures=len(failed),
        says=telling.settled.reason if telling else "",
        after_seconds=asked,
        gone=next((one.gone for one in called if one.gone), ""),
    )
