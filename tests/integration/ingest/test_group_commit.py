"""Requests that are stored together: one transaction, and nobody harmed by a neighbour."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection

from martechops.lib import clerk
from tests.integration.ingest.conftest import NOON
from workflows.actions import group_commit, inbound, parcels, sources
from workflows.actions.parcels import Message, Parcel
from workflows.models import EventConflict, InboundEvent, QueuedEvent, Source
from workflows.queries import write_keys

together = pytest.mark.django_db(transaction=True)


def message(name: str, *, digest: str = "0", body: str = "{}") -> Message:
    key = inbound.key_of(1, name)
    return Message(key, 1, name, "track", "Demo Requested", NOON, NOON, 0, digest * 32, body)


def while_the_clerk_is_busy(send: Callable[[], list[Any]]) -> list[Any]:
    """What is sent meanwhile is one group."""
    free, busy = threading.Event(), threading.Event()

    def wait() -> None:
        busy.set()
        free.wait(30)

    clerk.send(wait)
    assert busy.wait(30)
    threading.Timer(0.3, free.set).start()
    return send()


def share(found: list[Parcel]) -> list[Any]:
    def one(parcel: Parcel) -> Any:
        try:
            return clerk.at_once(group_commit.share(lambda: parcel))
        except DatabaseError as error:
            return error

    with ThreadPoolExecutor(len(found)) as threads:
        return list(threads.map(one, found))


@together
def test_those_that_wait_together_share_a_transaction() -> None:
    sent = [Parcel([message(f"m-{number}")]) for number in range(12)]
    assert while_the_clerk_is_busy(lambda: share(sent)) == [parcels.Stored(1, 0)] * 12
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT xmin::text) FROM workflows_inboundevent")
        (transactions,) = cursor.fetchone()
    assert InboundEvent.objects.count() == QueuedEvent.objects.count() == 12
    assert transactions <= 2, "the first may have gone by itself"


@together
@pytest.mark.requirement("F7")
def test_what_cannot_be_stored_harms_no_neighbour() -> None:
    sent = [Parcel([message(f"m-{number}")]) for number in range(5)]
    sent.insert(2, Parcel([message("bad", body="{")]))
    told = while_the_clerk_is_busy(lambda: share(sent))
    assert isinstance(told.pop(2), DatabaseError)
    assert told == [parcels.Stored(1, 0)] * 5
    assert InboundEvent.objects.count() == 5


@together
def test_database_away_is_said_to_all_of_a_group_and_the_next_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(found: object) -> None:
        raise OperationalError("gone")

    sent = [Parcel([message(f"m-{number}")]) for number in range(3)]
    with monkeypatch.context() as patch:
        patch.setattr(group_commit, "store", away)
        assert all(isinstance(one, OperationalError) for one in share(sent))
    assert share(sent) == [parcels.Stored(1, 0)] * 3


@pytest.mark.parametrize("many", [1, parcels.A_HANDFUL + 1])
def test_an_id_in_two_requests_of_a_group_is_the_first_ones(db: None, many: int) -> None:
    rest = [message(f"m-{number}") for number in range(many)]
    same, other = message("same", digest="1"), message("same", digest="2")
    told = parcels.store([Parcel([same, *rest]), Parcel([same]), Parcel([other])])
    assert told == [parcels.Stored(many + 1, 0), parcels.Stored(0, 0), parcels.Stored(0, 1)]
    assert EventConflict.objects.get().event_id == InboundEvent.objects.get(message_id="same").pk


@pytest.mark.parametrize("many", [3, parcels.A_HANDFUL + 1])
def test_ids_rise_in_the_order_of_the_messages(db: None, many: int) -> None:
    parcels.store([Parcel([message(f"m-{number}")]) for number in range(many)])
    found = InboundEvent.objects.order_by("id").values_list("message_id", flat=True)
    assert list(found) == [f"m-{number}" for number in range(many)]


def test_texts_come_back_as_they_were(db: None) -> None:
    odd = replace(message("m"), message_id='a "quoted" \\ {,} id', name="Zoë, {}", body='{"a": "\\"\\\\ {},\\n"}')
    parcels.store([Parcel([odd])])
    row = InboundEvent.objects.get()
    assert (row.message_id, row.name, row.body) == (odd.message_id, odd.name, {"a": '"\\ {},\n'})


@together
def test_key_of_a_source_that_was_switched_off_opens_nothing_at_once(source: Source) -> None:
    assert clerk.at_once(write_keys.source_of(source.write_key)) == source
    with connection.execute_wrapper(_no_query):
        assert clerk.at_once(write_keys.source_of(source.write_key)) == source
    sources.change(source, by="test", at=datetime.now(UTC), enabled=False)
    assert clerk.at_once(write_keys.source_of(source.write_key)) is None


def _no_query(*arguments: object) -> None:
    raise AssertionError("asked again")
