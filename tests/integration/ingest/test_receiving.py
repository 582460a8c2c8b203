"""Each message is stored once, whatever comes again, together with the work it makes (FAULTS F7, F9)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.db import connection

from martechops.lib.strict_json import BadJson
from workflows.actions import inbound, sources
from workflows.engine import envelope
from workflows.models import EventConflict, InboundEvent, QueuedEvent, Source

from .conftest import NOON, track


def receive(source: Source, *messages: object, **changes: Any) -> inbound.Receipt:
    return inbound.receive(**{"source": source, "messages": messages, "received_at": NOON, "sent_at": NOON} | changes)


def test_message_is_kept_as_it_was_sent_and_queued(source: Source) -> None:
    message = track(properties={"email": "ana@example.com", "note": "a\tb\n\\.é€😀 \u2028", "n": 1e300})
    assert receive(source, message) == inbound.Receipt(stored=1, repeated=0, conflicts=0, refused=())
    event = InboundEvent.objects.get()
    assert event.body == message
    assert (event.source_id, event.message_id, event.type, event.name) == (source.pk, "m-1", "track", "Demo Requested")
    assert (event.received_at, event.occurred_at) == (NOON, NOON - timedelta(minutes=1))
    assert event.key.hex == inbound.key_of(source.pk, "m-1")
    queued = QueuedEvent.objects.get()
    assert (queued.event_id, queued.lane, queued.tries) == (event.pk, event.lane, 0)


def test_repeats_in_one_batch_and_in_the_next_are_stored_once(source: Source) -> None:
    assert receive(source, track("a"), track("b"), track("a")).repeated == 1
    assert receive(source, track("b"), track("c")) == inbound.Receipt(stored=1, repeated=1, conflicts=0, refused=())
    assert InboundEvent.objects.count() == QueuedEvent.objects.count() == 3
    assert not EventConflict.objects.exists()


def test_same_id_from_another_source_is_another_message(source: Source) -> None:
    other = sources.create(key="other", name="Other", by="test", at=NOON)
    assert receive(source, track()).stored == receive(other, track()).stored == 1


def test_repeat_may_be_delivered_differently(source: Source) -> None:
    receive(source, track(sentAt="2026-11-22T11:59:01Z", writeKey="w"))
    assert receive(source, track(sentAt="2026-11-22T12:59:01Z", _metadata={"retryCount": 2})).repeated == 1
    assert not set(inbound.DELIVERY) & set(InboundEvent.objects.get().body)


def test_same_id_with_another_body_is_recorded_and_the_first_counts(source: Source) -> None:
    receive(source, track(properties={"n": 1}))
    receipt = receive(source, track(properties={"n": 2}), track("b"), track("b", properties={"n": 3}))
    assert (receipt.stored, receipt.conflicts) == (1, 2)
    first, second = InboundEvent.objects.order_by("id")
    assert first.body["properties"] == {"n": 1}
    conflicts = EventConflict.objects.order_by("id").values_list("event_id", "body__properties")
    assert [(event_id, properties) for event_id, properties in conflicts] == [
        (first.pk, {"n": 2}),
        (second.pk, {"n": 3}),
    ]


def test_events_of_a_batch_are_numbered_in_its_order(source: Source) -> None:
    receive(source, *(track(f"m-{number}") for number in range(50)))
    assert list(InboundEvent.objects.order_by("id").values_list("message_id", flat=True)) == [
        f"m-{number}" for number in range(50)
    ]


def test_message_without_id_is_known_again_by_its_content_where_it_says_when(source: Source) -> None:
    assert receive(source, track(None), track(None), track(...)).stored == 2  # a null id and no id are two contents
    assert receive(source, track(None)).repeated == 1
    assert receive(source, track(None, timestamp=...), track(None, timestamp=...)).stored == 2


def test_bad_messages_are_named_and_their_neighbours_stored(source: Source) -> None:
    receipt = receive(source, track("a"), BadJson("NaN"), track("b", userId={}), 7, track("c"))
    assert receipt.stored == 2
    assert [(refused.index, refused.message_id, refused.reason) for refused in receipt.refused] == [
        (1, None, "NaN"),
        (2, "b", "userId: must be text or a whole number"),
        (3, None, "must be an object"),
    ]


def test_a_batch_of_bad_messages_only_stores_nothing(source: Source) -> None:
    assert receive(source, {}, {}).stored == 0


def test_message_of_32_kib_is_taken_and_one_byte_more_is_not(source: Source) -> None:
    room = envelope.LONGEST_MESSAGE_BYTES - len(orjson.dumps(track(properties={"x": ""})))
    assert receive(source, track(properties={"x": "a" * room})).stored == 1
    (refused,) = receive(source, track("m-2", properties={"x": "a" * (room + 1)})).refused
    assert refused.reason == "larger than 32 KiB"


def test_events_of_one_address_share_a_lane_however_it_is_spelled(source: Source) -> None:
    receive(
        source,
        track("a", anonymousId="x", properties={"email": " Ana@Example.com"}),
        track("b", anonymousId="y", properties={}, context={"traits": {"email": "ana@example.com"}}),
        track("c", anonymousId="y", properties={}),
    )
    one, two, other = InboundEvent.objects.order_by("id").values_list("lane", flat=True)
    assert one == two != other
    assert all(0 <= lane < envelope.LANES for lane in (one, other))


def test_worker_is_rung_for_after_the_commit(
    source: Source, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr("martechops.lib.wake.ring", rung.append)
    with django_capture_on_commit_callbacks(execute=True):
        receive(source, track("a"), track("b"))
        assert rung == []
    assert rung == ["workflows.advance"]
    with django_capture_on_commit_callbacks(execute=True):
        receive(source, track("a"))
    assert rung == ["workflows.advance"]


@pytest.mark.django_db(transaction=True)
def test_hundred_parallel_posts_of_one_id_make_one_event(source: Source) -> None:
    receipts = in_parallel(100, lambda _: receive(source, track("same")))
    assert sum(receipt.stored for receipt in receipts) == 1
    assert sum(receipt.repeated for receipt in receipts) == 99
    assert InboundEvent.objects.count() == QueuedEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_parallel_batches_that_overlap_neither_lose_nor_double_nor_deadlock(source: Source) -> None:
    def send(sender: int) -> inbound.Receipt:
        numbers = [(sender * 37 + place * 11) % 60 for place in range(40)]
        bodies = [track(f"m-{number}", properties={"of": sender % 2}) for number in numbers]
        return receive(source, *bodies)

    receipts = in_parallel(24, send)
    assert sum(receipt.stored for receipt in receipts) == InboundEvent.objects.count() == 60
    assert QueuedEvent.objects.count() == 60
    assert sum(receipt.conflicts for receipt in receipts) == EventConflict.objects.count()
    assert all(r.stored + r.repeated + r.conflicts == 40 for r in receipts)


def in_parallel(count: int, send: Any) -> list[inbound.Receipt]:
    def once(number: int) -> inbound.Receipt:
        try:
            return send(number)  # type: ignore[no-any-return]
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(once, range(count)))
