"""Whether a million events can be replayed on one machine: the time an event takes and what memory holds.

Run by name: `manage.py test tests/bench/test_replay_scale.py -m bench -n 0 -s`. How many messages are lived first
is said by `REPLAY_MESSAGES`; they are decided and not delivered, which is most of the time that living takes.
"""

import os
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from tests.integration.rehearsal import living
from workflows.actions import replays as asking
from workflows.models import Activation, Contact, Effect, InboundEvent, Replay
from workflows.queries import replays
from workflows.rehearsal import replays as playing
from workflows.rehearsal.replays import play_part
from workflows.runtime.advance import advance

pytestmark = pytest.mark.bench

MESSAGES = int(os.environ.get("REPLAY_MESSAGES", "60000"))
#: The same people cost after everything was played, against before.
GROWS_AT_MOST, MEMORY_AT_MOST_MB = 1.5, 64


def _settle(*, at: datetime) -> None:
    while advance(at=at, limit=1_000):
        pass


def _memory_mb() -> float:
    """What this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_the_last_of_a_long_past_cost_what_they_would_have_cost_alone(
    demo_of_monday: None, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(living, "settle", _settle)
    begun = time.monotonic()
    ended = living.weeks(MESSAGES, slices=60)
    recorded = InboundEvent.objects.count()
    print(f"\nlived {recorded:,} events in {time.monotonic() - begun:.0f} s, {Effect.objects.count():,} effects")
    live = Activation.objects.get(workflow__key="demo-request-nurture", until=None).version
    replay = asking.start(candidate=live, days=living.DAYS + 1, by="bench", at=ended)
    newest = list(Contact.objects.order_by("-pk").values_list("pk", flat=True)[:200])[::-1]
    _cpu_of(replay, newest)  # has everything read that a worker keeps
    before, first = _memory_mb(), _cpu_of(replay, newest)
    tenths, most = [Tenth()], before
    while True:
        wall, cpu = time.monotonic(), time.process_time()
        if not play_part():
            break
        most = max(most, _memory_mb())
        tenths[-1].add(replay, time.monotonic() - wall, time.process_time() - cpu)
        if tenths[-1].events >= recorded / 10:
            tenths.append(Tenth())
    last = _cpu_of(replay, newest)
    replay.refresh_from_db()
    assert replay.state == Replay.State.DONE
    asked = time.monotonic()
    tally = replays.tally(replay)
    summed = time.monotonic() - asked
    grown = most - before
    for number, one in enumerate(tenths, start=1):
        print(
            f"{number:>3}. tenth: {one.events:>7,} events of {one.contacts:,} contacts, "
            f"{1e3 * one.wall / max(1, one.events):.2f} ms an event, "
            f"{1e3 * one.cpu / max(1, one.events):.2f} ms of CPU"
        )
    events, wall, cpu = (sum(getattr(one, name) for one in tenths) for name in ("events", "wall", "cpu"))
    print(
        f"{replay.parts.count():,} parts, {tally.counts['events']:,} events of {tally.counts['contacts']:,} contacts; "
        f"{events / wall:,.0f} events/s, {1e3 * cpu / events:.2f} ms of CPU an event; memory grew by {grown:.0f} MB; "
        f"summed up in {1e3 * summed:.0f} ms; a million would take {1e6 * wall / events / 60:.0f} minutes "
        f"({1e6 * cpu / events / 60:.0f} of one core's Python); played as recorded {tally.fidelity:.3%}"
    )
    print(f"the 200 newest contacts by themselves: {first:.2f} s of CPU before, {last:.2f} s after")
    assert last <= GROWS_AT_MOST * first
    assert grown <= MEMORY_AT_MOST_MB


@dataclass(slots=True)
class Tenth:
    """A part of the way."""

    events: int = 0
    contacts: int = 0
    wall: float = 0.0
    cpu: float = 0.0

    def add(self, replay: Replay, wall: float, cpu: float) -> None:
        part = replay.parts.order_by("-up_to")[0]
        self.events, self.contacts = self.events + part.events, self.contacts + part.contacts
        self.wall, self.cpu = self.wall + wall, self.cpu + cpu


def _cpu_of(replay: Replay, ids: list[int]) -> float:
    """CPU seconds of always the same people: before anything else was played, and with all of it behind."""
    begun = time.process_time()
    playing.play(playing.set_up(replay), ids)
    return time.process_time() - begun
