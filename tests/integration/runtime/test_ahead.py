"""Effects reserved beforehand for a far side that answers at once: when, how many, what ends it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.chaos import driver
from tests.chaos.sink import Sink, running
from workflows.models import Effect, Version
from workflows.runtime.deliver import Calls
from workflows.runtime.effects import Settled
from workflows.runtime.pace import AHEAD_SECONDS, Pace
from workflows.runtime.reserve import reserve
from workflows.runtime.settle import Called

pytestmark = pytest.mark.django_db


@pytest.fixture
def sink(tmp_path: Path, settings: Settings) -> Iterator[Sink]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with running(tmp_path / "journal") as started:
        yield started


@pytest.fixture
def version(sink: Sink) -> Version:
    return driver.furnish(sink)


def fast(system: str) -> Calls:
    """A worker that has seen its far side answer ten times within what it reserves beforehand."""
    calls = Calls(system, at=datetime.now(UTC) + timedelta(seconds=1))
    calls.ahead.per_second = 10 / AHEAD_SECONDS
    return calls


def carried_out(calls: Calls) -> int:
    claimed = calls.begin(limit=50)
    while calls.in_flight:
        calls.record(calls.finished())
    calls.close()
    return claimed


def claimed(system: str, *, ahead: int) -> int:
    return reserve(system, limit=50, ahead=ahead, at=datetime.now(UTC)).claimed


def test_more_is_reserved_than_may_be_called_at_a_time_and_all_of_it_is_called(version: Version, sink: Sink) -> None:
    driver.reach("hook", settings={"url": sink.url("/ok")}, secrets={"secret": driver.SECRET}, at_once=2)
    driver.plan(version, driver.people(20), "B")
    assert carried_out(fast("hook")) == 12
    assert len(sink.journal.hits()) == Effect.objects.filter(state="done").count() == 12


def test_nothing_beforehand_where_a_repeat_cannot_be_told(version: Version, sink: Sink) -> None:
    driver.reach("mail", settings={"sender": "ops@example.com"}, secrets={"url": sink.mail}, at_once=3)
    driver.plan(version, driver.people(20), "C")
    assert claimed("mail", ahead=10) == 3


def test_nothing_beforehand_while_another_worker_makes_calls(version: Version, sink: Sink) -> None:
    driver.reach("hook", settings={"url": sink.url("/ok")}, secrets={"secret": driver.SECRET}, at_once=5)
    driver.plan(version, driver.people(20), "B")
    mine = Effect.objects.order_by("pk")[:2].values_list("pk", flat=True)
    Effect.objects.filter(pk__in=list(mine)).update(state="reserved", holder=1)
    assert claimed("hook", ahead=10) == 3


def test_what_waits_for_its_turn_is_given_back_once_a_call_fails(version: Version, sink: Sink) -> None:
    driver.reach("hook", settings={"url": sink.url("/limited?after=120")}, secrets={"secret": driver.SECRET}, at_once=1)
    driver.plan(version, driver.people(8), "B")
    calls = fast("hook")
    assert carried_out(calls) == 8
    assert len(sink.journal.hits()) == 1
    assert set(Effect.objects.values_list("state", flat=True)) == {"planned"}
    assert calls.ahead.allowed() == 0


def test_nothing_is_reserved_beforehand_for_a_far_side_that_warned() -> None:
    pace = Pace(per_second=1_000)
    assert pace.allowed() == 100
    pace.note([Called(Settled(1, 1, "planned", "busy", None), failed=True)])
    assert pace.allowed() == 0
