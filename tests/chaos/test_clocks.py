"""Workers whose clocks are wrong by an hour, either way, do everything at its time (FAULTS F9)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.chaos import driver, tally
from tests.chaos.sink import Sink, running
from workflows.models import Effect

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = 3600
COUNT = 6


@pytest.fixture
def sink(tmp_path: Path, settings: Settings) -> Iterator[Sink]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with running(tmp_path / "journal") as started:
        yield started


@pytest.mark.requirement("D3")
@pytest.mark.parametrize("answer", ["/limited", "/dated"])
def test_workers_an_hour_off_either_way_wait_as_long_as_the_far_side_asks_and_no_longer(
    answer: str, sink: Sink
) -> None:
    planned = driver.plan(driver.furnish(sink), driver.people(COUNT), "B")
    sink.instead["/ok"] = answer
    with (
        driver.worker(CLOCK_IS_OFF_SECONDS=str(HOUR), IDLE_SECONDS="60"),
        driver.worker(CLOCK_IS_OFF_SECONDS=str(-HOUR), IDLE_SECONDS="60"),
    ):
        assert driver.until(sink.journal.hits)
        sink.instead.clear()
        assert driver.until(lambda: not Effect.objects.exclude(state="done").exists(), seconds=60)
    refused = [hit["at"] for hit in sink.journal.hits(did=answer)]
    taken = [hit["at"] for hit in sink.journal.hits(did="/ok")]
    assert min(taken) - min(refused) >= 2
    verdict = tally.judge(planned, effect_class="B", journal=sink.journal)
    assert verdict.lost == 0
    assert len(taken) == COUNT, "something was done twice"


def test_no_worker_takes_from_another_what_its_own_wrong_clock_calls_overdue(sink: Sink) -> None:
    planned = driver.plan(driver.furnish(sink, hook="/slow?ms=600"), driver.people(COUNT), "B")
    with (
        driver.worker(CLOCK_IS_OFF_SECONDS=str(HOUR)) as early,
        driver.worker(CLOCK_IS_OFF_SECONDS=str(-HOUR)) as late,
    ):
        assert driver.ended(early) == driver.ended(late) == 0
    assert set(Effect.objects.values_list("state", flat=True)) == {"done"}
    verdict = tally.judge(planned, effect_class="B", journal=sink.journal)
    assert (verdict.lost, verdict.doubled, verdict.repeats_dropped) == (0, 0, 0)
