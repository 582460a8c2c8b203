"""One connection that hangs, one that is limited and one that is down delay nobody else (requirement D3, FAULTS F6)."""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db.models import F
from pytest_django import Settings

from martechops.people.models import Team
from tests.chaos import driver
from tests.chaos.sink import Sink, running
from workflows.models import ConnectionHealth, Effect, System, Version

pytestmark = pytest.mark.django_db(transaction=True)

#: Effects for the healthy connection in one round, and the pause between two.
EACH, PAUSE_SECONDS = 60, 0.05
ROUNDS = 3
#: Measured on a machine that does other things too: what is this small is noise of its own.
NOISE_SECONDS = 0.05


@pytest.fixture
def sink(tmp_path: Path, settings: Settings) -> Iterator[Sink]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with running(tmp_path / "journal") as started:
        yield started


TROUBLES = {"/one": "/hang", "/two": "/limited", "/three": "/down"}


def three_more(sink: Sink) -> list[str]:
    """Webhooks beside the one that is measured."""
    team = Team.objects.get(key="ops")
    for path in TROUBLES:
        key = path.strip("/")
        System.objects.create(key=key, name=key, kind="crm", connector="webhook", owner=team, sandbox=False)
        driver.reach(key, settings={"url": sink.url(path)}, secrets={"secret": driver.SECRET})
    return [path.strip("/") for path in TROUBLES]


def p95_of_the_healthy(version: Version, beside: list[str], *, all_end: bool) -> float:
    """From planned to recorded, while the others are given as much work; `all_end`: theirs is waited for, too."""
    people = driver.people(EACH)
    ids: list[int] = []
    with driver.worker(IDLE_SECONDS="60"):
        for contact in people:
            for system in beside:
                driver.plan(version, [contact], "B", system=system)
            ids += [effect.pk for effect in driver.plan(version, [contact], "B")]
            time.sleep(PAUSE_SECONDS)
        mine = Effect.objects.filter(pk__in=ids)
        assert driver.until(lambda: not mine.exclude(state="done").exists()), "the healthy connection was held up"
        theirs = Effect.objects.filter(system__in=beside)
        assert not all_end or driver.until(lambda: not theirs.exclude(state="done").exists())
    taken = mine.annotate(took=F("ended_at") - F("planned_at")).values_list("took", flat=True)
    return statistics.quantiles([length.total_seconds() for length in taken], n=20)[-1]


def test_neighbours_of_three_connections_in_trouble_are_as_fast_as_beside_well_ones(sink: Sink) -> None:
    """The same work in both rounds, in turn; what differs is that the three others hang, are limited, are down."""
    version = driver.furnish(sink, hook="/slow?ms=20")
    others = three_more(sink)
    well, troubled = [], []
    for _ in range(ROUNDS):
        sink.instead.clear()
        well.append(p95_of_the_healthy(version, others, all_end=True))
        sink.instead.update(TROUBLES)
        troubled.append(p95_of_the_healthy(version, others, all_end=False))
        kept = Effect.objects.filter(system__in=others).exclude(state="done")
        assert set(kept.values_list("state", flat=True)) <= {"planned", "reserved"}
        assert kept.count() == 3 * EACH, "something was lost, or done by a far side that was not there"
        kept.delete()
        ConnectionHealth.objects.filter(pk__in=others).delete()
    before, after = statistics.median(well), statistics.median(troubled)
    print(f"p95 beside well ones {before * 1000:.0f} ms, in trouble {after * 1000:.0f} ms: {after / before:.2f} x")
    assert after <= 1.2 * before or after - before < NOISE_SECONDS


def test_lanes_end_when_there_is_nothing_left(sink: Sink) -> None:
    version = driver.furnish(sink)
    driver.plan(version, driver.people(20), "B")
    begun = time.monotonic()
    with driver.worker() as process:
        assert driver.ended(process) == 0
    assert set(Effect.objects.values_list("state", flat=True)) == {"done"}
    assert time.monotonic() - begun < 40
