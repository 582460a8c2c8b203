"""Whether a million events can be replayed on one machine: the time an event takes and what memory holds.

Run by name: `manage.py test tests/bench/test_replay_scale.py -m bench -n 0 -s`. How many messages are lived first
is said by `REPLAY_MESSAGES`; they are decided and not delivered, which is most of the time that living takes.
"""

import json
import os
import resource
import time
from dataclasses import dataclass
from datetime import datetime

import pytest

from tests.integration.rehearsal import living
from workflows.actions import replays as asking
from workflows.models import Activation, Effect, InboundEvent, Replay
from workflows.queries import replays
from workflows.rehearsal.replays import play_part
from workflows.runtime.advance import advance

pytestmark = pytest.mark.bench

MESSAGES = int(os.environ.get("REPLAY_MESSAGES", "60000"))
#: From the first tenth of the past to the last, while everything that was found and kept grows.
GROWS_AT_MOST, MEMORY_AT_MOST_MB = 1.5, 64


def _settle(*, at: datetime) -> None:
    while advance(at=at, limit=1_000):
        pass


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_an_event_late_in_the_past_takes_no_longer_than_an_early_one(
    demo_of_monday: None, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(living, "settle", _settle)
    begun = time.monotonic()
    ended = living.weeks(MESSAGES, slices=60)
    recorded = InboundEvent.objects.count()
    print(f"\nlived {recorded:,} events in {time.monotonic() - begun:.0f} s, {Effect.objects.count():,} effects")
    live = Activation.objects.get(workflow__key="demo-request-nurture", until=None).version
    replay = asking.start(candidate=live, days=living.DAYS + 1, by="bench", at=ended)
    play_part()  # the first has the definitions read, and the second makes what a worker keeps
    play_part()
    play_part()
    before, tenths, yards = _memory_mb(), [Tenth()], [_yardstick()]
    while True:
        wall, cpu = time.monotonic(), time.process_time()
        if not play_part():
            break
        tenths[-1].add(replay, time.monotonic() - wall, time.process_time() - cpu)
        if tenths[-1].events >= recorded / 10:
            tenths.append(Tenth())
            yards.append(_yardstick())
    replay.refresh_from_db()
    assert replay.state == Replay.State.DONE
    asked = time.monotonic()
    tally = replays.tally(replay)
    summed = time.monotonic() - asked
    grown = _memory_mb() - before
    whole = [(one, yard) for one, yard in zip(tenths, yards, strict=True) if one.events >= recorded / 10]
    for number, (one, yard) in enumerate(whole, start=1):
        print(
            f"{number:>3}. tenth: {one.events:>7,} events, {1e3 * one.wall / one.events:.2f} ms an event, "
            f"{1e3 * one.cpu / one.events:.2f} ms of CPU; the yardstick took {1e3 * yard:.0f} ms"
        )
    events, wall, cpu = (sum(getattr(one, name) for one in tenths) for name in ("events", "wall", "cpu"))
    print(
        f"{replay.parts.count():,} parts, {tally.counts['events']:,} events of {tally.counts['contacts']:,} contacts; "
        f"{events / wall:,.0f} events/s, {1e3 * cpu / events:.2f} ms of CPU an event; memory grew by {grown:.0f} MB; "
        f"summed up in {1e3 * summed:.0f} ms; a million would take {1e6 * wall / events / 60:.0f} minutes "
        f"({1e6 * cpu / events / 60:.0f} of one core's Python); played as recorded {tally.fidelity:.3%}"
    )
    early, late = (sum(one.cpu / one.events / yard for one, yard in some) for some in (whole[:3], whole[-3:]))
    assert late <= GROWS_AT_MOST * early
    assert grown <= MEMORY_AT_MOST_MB


@dataclass(slots=True)
class Tenth:
    """A part of the way."""

    events: int = 0
    wall: float = 0.0
    cpu: float = 0.0

    def add(self, replay: Replay, wall: float, cpu: float) -> None:
        self.events += replay.parts.order_by("-up_to").values_list("events", flat=True)[0]
        self.wall, self.cpu = self.wall + wall, self.cpu + cpu


def _yardstick() -> float:
    """CPU seconds of always the same work: how fast this machine is just now, with whatever else is at it."""
    begun = time.process_time()
    for number in range(60_000):
        json.loads(json.dumps({"number": number, "of": ["a", "b", {"c": number}]}))
    return time.process_time() - begun
