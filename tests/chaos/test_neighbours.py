"""One connection that hangs, one that is limited and one that is down delay nobody else (requirement D3, FAULTS F6)."""

import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import F
from pytest_django import Settings

from martechops.people.models import Team
from tests.chaos import driver
from tests.chaos.sink import Sink, running
from workflows.models import Effect, System, Version

pytestmark = pytest.mark.django_db(transaction=True)

#: Effects for the healthy connection in one round, and the pause between two.
EACH, PAUSE_SECONDS = 60, 0.05
#: Measured on a machine that does other things too: what is this small is noise of its own.
NOISE_SECONDS = 0.05


@pytest.fixture
def sink(tmp_path: Path, settings: Settings) -> Iterator[Sink]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with running(tmp_path / "journal") as started:
        yield started


def troubled(sink: Sink) -> list[str]:
    """Three more webhooks, each with a trouble of its own."""
    team = Team.objects.get(key="ops")
    found = {"hangs": "/hang", "limited": "/limited?after=2", "down": "/down"}
    for key, path in found.items():
        System.objects.create(key=key, name=key, kind="crm", connector="webhook", owner=team, sandbox=False)
        driver.reach(key, settings={"url": sink.url(path)}, secrets={"secret": driver.SECRET})
    return list(found)


def p95_of_the_healthy(version: Version, beside: list[str]) -> float:
    """From planned to recorded, while the others are given as much."""
    people = driver.people(EACH)
    ids: list[int] = []
    with driver.worker(IDLE_SECONDS="60"):
        for contact in people:
            ids += [effect.pk for effect in driver.plan(version, [contact], "B")]
            for system in beside:
                driver.plan(version, [contact], "B", system=system)
            time.sleep(PAUSE_SECONDS)
        mine = Effect.objects.filter(pk__in=ids)
        assert driver.until(lambda: not mine.exclude(state="done").exists()), "the healthy connection was held up"
    taken = sorted(mine.annotate(took=F("ended_at") - F("planned_at")).values_list("took", flat=True))
    seconds = [length.total_seconds() for length in taken]
    return statistics.quantiles(seconds, n=20)[-1]


def test_neighbours_of_three_connections_in_trouble_are_as_fast_as_alone(sink: Sink) -> None:
    version = driver.furnish(sink, hook="/slow?ms=20")
    bad = troubled(sink)
    alone, together = [], []
    for _ in range(3):
        alone.append(p95_of_the_healthy(version, []))
        together.append(p95_of_the_healthy(version, bad))
        Effect.objects.filter(system__in=bad).update(not_before=F("not_before") + timedelta(days=1))
    before, after = statistics.median(alone), statistics.median(together)
    print(f"p95 alone {before * 1000:.0f} ms, beside three in trouble {after * 1000:.0f} ms, {after / before:.2f} x")
    assert after <= 1.2 * before or after - before < NOISE_SECONDS
    assert not Effect.objects.filter(system__in=bad).exclude(state__in=["planned", "reserved"]).exists()
    kept = Effect.objects.filter(system__in=bad).count()
    assert kept == 3 * 3 * EACH, "something was lost"


def test_lanes_end_when_there_is_nothing_left(sink: Sink) -> None:
    version = driver.furnish(sink)
    driver.plan(version, driver.people(20), "B")
    begun = time.monotonic()
    with driver.worker() as process:
        assert driver.ended(process) == 0
    assert set(Effect.objects.values_list("state", flat=True)) == {"done"}
    assert time.monotonic() - begun < 40
