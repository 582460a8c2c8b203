"""An event that kills whoever handles it costs five workers, and nobody's event but its own (FAULTS F10)."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection
from pytest_django import Settings

from workflows.actions import inbound, sources
from workflows.engine.envelope import LANES
from workflows.models import Attempt, Contact, QuarantinedEvent, QueuedEvent, Source
from workflows.runtime import claim, setbacks
from workflows.runtime.advance import advance

AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
POISON = "poison@example.com"


@pytest.fixture
def receive(transactional_db: None) -> Callable[[int], None]:
    """Take in so many identify events, each of somebody else, the poisonous one in their midst."""
    source = sources.create(key="site", name="Site", by="test", at=AT)

    def receive(count: int) -> None:
        for start in range(0, count, 500):
            _receive(source, range(start, min(start + 500, count)), poison=count // 2)

    return receive


def _receive(source: Source, numbers: range, *, poison: int) -> None:
    messages = [
        {
            "type": "identify",
            "messageId": f"m-{n}",
            "userId": f"u{n}",
            "traits": {"email": POISON if n == poison else f"u{n}@example.com"},
        }
        for n in numbers
    ]
    inbound.receive(source=source, messages=messages, received_at=AT, sent_at=None)


def doomed_workers() -> list[int]:
    """Start one worker after the other until one lives; how many contacts there were when each of the others died."""
    name, host = (quote(connection.settings_dict[part], safe="") for part in ("NAME", "HOST"))
    address = f"postgres://{connection.settings_dict['USER']}@{host}/{name}"
    environment = os.environ | {"DATABASE_URL": address, "CELERY_BROKER_URL": "memory://"}
    found: list[int] = []
    for _ in range(20):
        worker = subprocess.run(
            [sys.executable, "-m", "tests.fixtures.doomed_worker", POISON], env=environment, timeout=120, check=False
        )
        if worker.returncode == 0:
            return found
        assert worker.returncode == -9
        found.append(Contact.objects.count())
    raise AssertionError("every worker dies")


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.chaos)])
def test_one_event_that_kills_its_worker_leaves_all_others_done(receive: Callable[[int], None], count: int) -> None:
    receive(count)
    found = doomed_workers()
    assert len(found) == setbacks.MOST_TRIES
    # What lies behind a suspect event in its lane keeps its order. Of the lanes, five hold 64 events of a full batch,
    # and two at most hold eight.
    lane = count // LANES
    assert found[2] > count - 100 - 5 * lane, "the others of the batch wait for the group of 64 that it is in"
    assert found[3] > count - 20 - 2 * lane, "and then for the group of 8"
    assert Contact.objects.count() == count - 1
    letter = QuarantinedEvent.objects.select_related("event").get()
    assert (letter.kind, letter.event.body["traits"]["email"]) == ("dead_letter", POISON)
    assert letter.reasons[0]["says"] == "its worker ended while handling it"
    assert not QueuedEvent.objects.exists()


def test_session_that_holds_lanes_and_says_nothing_for_a_lease_is_ended_and_no_other(
    transactional_db: None, settings: Settings
) -> None:
    known = connection.settings_dict
    address = {"host": known["HOST"], "user": known["USER"], "dbname": known["NAME"]}
    with psycopg.connect(**address, autocommit=True) as hung, psycopg.connect(**address, autocommit=True) as idle:
        hung.execute("SELECT pg_advisory_lock(7301, 3)")
        idle.execute("SELECT pg_advisory_lock(1, 3)")
        assert claim.free_the_hung() == 0
        settings.EFFECT_LEASE_SECONDS = 0
        assert claim.free_the_hung() == 1
        with pytest.raises(psycopg.OperationalError):
            hung.execute("SELECT 1")
        idle.execute("SELECT 1")


@pytest.mark.parametrize("tries", [1, setbacks.ALONE])
def test_what_lies_behind_a_suspect_event_in_its_lane_keeps_its_order(
    receive: Callable[[int], None], tries: int
) -> None:
    receive(3)
    QueuedEvent.objects.update(lane=7)
    first, second, third = QueuedEvent.objects.order_by("event_id").values_list("event_id", flat=True)
    QueuedEvent.objects.filter(event_id=second).update(tries=tries)
    assert setbacks.suspect_events(tried=tries) == [second]
    assert advance() == 2
    assert list(QueuedEvent.objects.values_list("event_id", flat=True)) == [third]
    assert advance() == 1
    assert first < second < third


def test_what_a_dead_worker_held_is_tried_in_groups_and_only_what_failed_thrice_alone(
    receive: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def noted(what: claim.Held, **more: Any) -> claim.Batch:
        taken = take(what, **more)
        sizes.append(len(taken))
        return taken

    take = claim.batch
    monkeypatch.setattr(claim, "batch", noted)
    receive(300)
    ids = list(QueuedEvent.objects.order_by("event_id").values_list("event_id", flat=True))
    Attempt.objects.create(holder=999_999_999, event_ids=ids, run_ids=[], at=datetime.now(UTC))
    assert setbacks.suspect_the_orphaned()
    QueuedEvent.objects.filter(event_id__in=ids[:10]).update(tries=2)
    QueuedEvent.objects.filter(event_id=ids[10]).update(tries=setbacks.ALONE)
    while advance():
        pass
    assert Contact.objects.count() == 300
    assert sum(sizes) == 299
    assert max(sizes) == claim.GROUPS[0]


def test_suspect_events_of_one_lane_are_handled_in_their_order_whatever_they_were_tried(
    receive: Callable[[int], None],
) -> None:
    receive(4)
    QueuedEvent.objects.update(lane=7)
    ids = list(QueuedEvent.objects.order_by("event_id").values_list("event_id", flat=True))
    for event_id, tries in zip(ids, (2, 1, 3, 1), strict=True):
        QueuedEvent.objects.filter(event_id=event_id).update(tries=tries)
    left = []
    while advance():
        left.append(list(QueuedEvent.objects.order_by("event_id").values_list("event_id", flat=True)))
    assert left == [ids[1:], ids[2:], ids[3:], []]


def test_attempt_of_a_session_that_is_gone_makes_its_events_suspect_and_a_living_ones_not(
    receive: Callable[[int], None],
) -> None:
    receive(2)
    one, other = QueuedEvent.objects.order_by("event_id").values_list("event_id", flat=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        living = cursor.fetchone()[0]
    Attempt.objects.create(holder=999_999_999, event_ids=[one], run_ids=[], at=datetime.now(UTC))
    Attempt.objects.create(holder=living, event_ids=[other], run_ids=[], at=datetime.now(UTC))
    setbacks.suspect_the_orphaned()
    assert dict(QueuedEvent.objects.values_list("event_id", "tries")) == {one: 1, other: 0}
    assert Attempt.objects.get().holder == living
