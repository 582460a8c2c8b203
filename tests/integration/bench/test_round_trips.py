"""How often the busy paths ask the database: counted, since that shows what a clock on a busy machine does not.

A statement for each event, each effect or each message would show here at once: twice the work must cost no more.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from martechops.bench import storing, usage, workload
from workflows.actions import inbound
from workflows.models import Effect, QueuedEvent, Source
from workflows.runtime.advance import advance
from workflows.runtime.reserve import reserve
from workflows.runtime.volley import MOST_AT_ONCE

pytestmark = pytest.mark.django_db

#: Of one batch of events, both ends of its transaction and of each COPY included: 0.04 an event at 1,000 together.
MOST_A_BATCH = 40
MOST_A_RESERVATION = 12
MOST_A_PARCEL = 10


@pytest.fixture
def source() -> Source:
    return workload.furnish(sink="http://127.0.0.1:9")


def of(first: int, count: int) -> list[dict[str, Any]]:
    return list(workload.messages(seed=7, first=first, count=count))


def counted(work: Callable[[], object]) -> int:
    with usage.round_trips() as trips:
        work()
    return trips.count


def test_a_batch_of_events_asks_as_often_however_large_it_is(source: Source) -> None:
    def batch(first: int, count: int) -> int:
        storing.know_half(seed=7, first=first, count=count)
        storing.queue(source, of(first, count))
        QueuedEvent.objects.update(lane=3)
        return counted(advance)

    batch(0, 10)  # definitions are read, sessions are set up
    few, many = batch(100, 40), batch(200, 160)
    assert QueuedEvent.objects.count() == 0
    assert few == many <= MOST_A_BATCH


def test_a_reservation_asks_as_often_however_many_effects_it_takes(source: Source) -> None:
    storing.queue(source, of(0, 90))
    while advance():
        pass
    at = datetime.now(UTC) + timedelta(minutes=1)
    reserve("hook", limit=1, at=at)
    Effect.objects.filter(state="reserved").update(state="done")
    few = counted(lambda: reserve("hook", limit=2, at=at))
    Effect.objects.filter(state="reserved").update(state="done")
    many = counted(lambda: reserve("hook", limit=MOST_AT_ONCE, ahead=64, at=at))
    assert Effect.objects.filter(state="reserved").count() > 60
    assert few == many <= MOST_A_RESERVATION


def test_a_parcel_of_messages_asks_as_often_however_many_there_are(source: Source) -> None:
    def parcel(first: int, count: int) -> int:
        messages = of(first, count)
        now = datetime.now(UTC)
        return counted(lambda: inbound.receive(source=source, messages=messages, received_at=now, sent_at=None))

    assert parcel(0, 50) == parcel(100, 200) <= MOST_A_PARCEL
    assert parcel(400, 1) == parcel(500, 20) <= MOST_A_PARCEL
