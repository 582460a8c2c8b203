"""A connection that hangs, one that is limited and one that is down delay nobody else and lose nothing (D3, F6, F22).

The neighbours get the same work in turn beside the three in trouble and without them, in one run. What the three were
given in the meantime must all have arrived, once, when they are well again. The long form (`--chaos`) has an outage of
ten minutes by the clock on the wall and holds the ratio to 1.2; the short form is there for what is lost or doubled,
and measures nothing: each neighbour must have been given work and have done it while one and the same call to the
hanging one was open, which cannot be where it has to wait for it, and is so on the slowest machine.
Both let a connection be tried again after `LONGEST_PAUSE_SECONDS` at most instead of five minutes.
"""

import itertools
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db.models import F, QuerySet
from pytest_django import Settings

from martechops.inbox.models import InboxMessage
from martechops.people.models import Team
from tests.chaos import driver
from tests.chaos.sink import Sink, running
from workflows.connectors.base import DEADLINE_SECONDS
from workflows.models import ConnectionHealth, Effect, System, Version

pytestmark = pytest.mark.django_db(transaction=True)

#: Address of a connection in trouble → how it behaves.
TROUBLES = {"/one": "/hang", "/two": "/limited", "/three": "/down"}
IN_TROUBLE = [path.strip("/") for path in TROUBLES]
#: Those beside them, one of each class.
NEIGHBOURS = driver.SYSTEMS
LONGEST_PAUSE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Form:
    """How long it takes, and how closely it looks."""

    outage_seconds: float
    rounds: int
    #: Effects for each connection in one round, and the pause between two.
    each: int
    pause_seconds: float
    longest_pause_seconds: float


SHORT = Form(outage_seconds=0, rounds=2, each=15, pause_seconds=0.05, longest_pause_seconds=1)
LONG = Form(outage_seconds=600, rounds=10, each=150, pause_seconds=0.1, longest_pause_seconds=LONGEST_PAUSE_SECONDS)
#: In the short form, a machine that stood still for a whole call is given another round, but not for ever.
MOST_ROUNDS = 6


@dataclass(slots=True)
class Measured:
    """p95 of each neighbour from planned to recorded, by round."""

    without: dict[str, list[float]] = field(default_factory=lambda: {one: [] for one in NEIGHBOURS})
    beside: dict[str, list[float]] = field(default_factory=lambda: {one: [] for one in NEIGHBOURS})

    def medians(self) -> dict[str, tuple[float, float]]:
        return {one: (statistics.median(self.without[one]), statistics.median(self.beside[one])) for one in NEIGHBOURS}

    def __str__(self) -> str:
        return "; ".join(
            f"class {one}: p95 alone {alone * 1000:.0f} ms, beside them {beside * 1000:.0f} ms, {beside / alone:.2f} x"
            for one, (alone, beside) in self.medians().items()
        )


@pytest.fixture
def sink(tmp_path: Path, settings: Settings) -> Iterator[Sink]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with running(tmp_path / "journal") as started:
        yield started


@pytest.fixture
def version(sink: Sink) -> Version:
    """Three neighbours, and three webhooks that will be in trouble."""
    furnished = driver.furnish(sink, hook="/slow?ms=20")
    team = Team.objects.get(key="ops")
    for path, key in zip(TROUBLES, IN_TROUBLE, strict=True):
        System.objects.create(key=key, name=key, kind="crm", connector="webhook", owner=team, sandbox=False)
        driver.reach(key, settings={"url": sink.url(path)}, secrets={"secret": driver.SECRET})
    return furnished


def test_connections_in_trouble_hold_up_no_neighbour_and_lose_nothing(version: Version, sink: Sink) -> None:
    _through_an_outage(version, sink, SHORT)
    for number in range(SHORT.rounds, MOST_ROUNDS):
        if _did_not_wait(sink) == set(NEIGHBOURS):
            break
        print(f"round {number}: {_did_not_wait(sink)} only")
        _through_an_outage(version, sink, replace(SHORT, rounds=1))
    assert _did_not_wait(sink) == set(NEIGHBOURS)


@pytest.mark.chaos
def test_neighbours_of_connections_in_trouble_for_ten_minutes_are_as_fast_as_alone(
    version: Version, sink: Sink
) -> None:
    for alone, beside in _through_an_outage(version, sink, LONG).medians().values():
        assert beside <= 1.2 * alone


def _through_an_outage(version: Version, sink: Sink, form: Form) -> Measured:
    """Alone and beside those in trouble, in turn, until the outage has lasted; then all is well and must arrive."""
    measured = Measured()
    begun = time.monotonic()
    with _at_work(form):
        for number in itertools.count():
            if number >= form.rounds and time.monotonic() - begun >= form.outage_seconds:
                break
            for in_trouble in (False, True) if number % 2 == 0 else (True, False):
                _one_round(version, sink, form, measured, in_trouble=in_trouble)
        print(f"outage of {time.monotonic() - begun:.0f} s, {len(measured.beside['A'])} rounds; {measured}")
        assert not Effect.objects.filter(system__in=IN_TROUBLE, state="done").exists(), "done by nobody"
        sink.instead.clear()
        waits = DEADLINE_SECONDS + 4 * form.longest_pause_seconds
        assert driver.until(lambda: not _open().exists(), seconds=60 + waits), "something never arrived"
    _judge(sink)
    return measured


@contextmanager
def _at_work(form: Form) -> Iterator[None]:
    longest = str(form.longest_pause_seconds)
    with driver.worker(IDLE_SECONDS="600", OUTBOUND_LONGEST_PAUSE_SECONDS=longest):
        yield


@contextmanager
def _stopped() -> Iterator[None]:
    """Those in trouble are stopped by hand, and nothing of theirs is under way."""
    theirs = System.objects.filter(key__in=IN_TROUBLE)
    theirs.update(paused=True)
    under_way = Effect.objects.filter(system__in=IN_TROUBLE, state="reserved")
    assert driver.until(lambda: not under_way.exists(), seconds=DEADLINE_SECONDS + 30)
    yield
    theirs.update(paused=False)


def _one_round(version: Version, sink: Sink, form: Form, measured: Measured, *, in_trouble: bool) -> None:
    sink.instead.update(TROUBLES)
    if in_trouble:
        _work(version, form, measured.beside)
    else:
        with _stopped():
            _work(version, form, measured.without)


def _work(version: Version, form: Form, took: dict[str, list[float]]) -> None:
    """As much for those in trouble, stopped or not, as for each neighbour; what the neighbours needed is noted."""
    ids: dict[str, list[int]] = {one: [] for one in NEIGHBOURS}
    for contact in driver.people(form.each):
        for system in IN_TROUBLE:
            driver.plan(version, [contact], "B", system=system)
        for one in NEIGHBOURS:
            ids[one] += [effect.pk for effect in driver.plan(version, [contact], one)]
        time.sleep(form.pause_seconds)
    mine = Effect.objects.filter(pk__in=[pk for those in ids.values() for pk in those])
    assert driver.until(lambda: not mine.exclude(state="done").exists(), seconds=120), "a neighbour was held up"
    for one in NEIGHBOURS:
        lengths = Effect.objects.filter(pk__in=ids[one]).annotate(took=F("ended_at") - F("planned_at"))
        took[one].append(_p95(list(lengths.values_list("took", flat=True))))


def _did_not_wait(sink: Sink) -> set[str]:
    """Neighbours that were given something and did it during one call to the hanging connection."""
    calls = [
        (datetime.fromtimestamp(call["began"], UTC), datetime.fromtimestamp(call["at"], UTC))
        for call in sink.journal.hits(kind="hung up")
    ]
    done = [
        Effect.objects.filter(system__in=NEIGHBOURS.values(), planned_at__gt=began, ended_at__lt=ended)
        for began, ended in calls
    ]
    found = {system for during in done for system in during.values_list("system", flat=True)}
    return {one for one, system in NEIGHBOURS.items() if system in found}


def _p95(lengths: list[timedelta]) -> float:
    return statistics.quantiles([length.total_seconds() for length in lengths], n=20)[-1]


def _open() -> QuerySet[Effect]:
    return Effect.objects.exclude(state="done")


def _judge(sink: Sink) -> None:
    """By the far sides' own journal: everything was taken exactly once, also by those that were in trouble."""
    taken = Counter(hit["key"] for hit in sink.journal.hits(kind="http") if hit["did"] not in TROUBLES.values())
    assert taken == _keys("B", *IN_TROUBLE)
    turned_away = [hit for hit in sink.journal.hits(kind="http") if hit["did"] in TROUBLES.values()]
    assert {hit["did"] for hit in turned_away} == set(TROUBLES.values()), "one of them was never in trouble"
    shown = InboxMessage.objects.values_list("key", flat=True)
    assert Counter(map(str, shown)) == _keys("A")
    assert Counter(hit["key"] for hit in sink.journal.hits(kind="smtp")) == _keys("C")
    assert not ConnectionHealth.objects.exclude(disabled="").exists()


def _keys(*of: str) -> Counter[str]:
    effects = Effect.objects.filter(system__in=[NEIGHBOURS.get(one, one) for one in of])
    return Counter(str(key) for key in effects.values_list("key", flat=True))


def test_lanes_end_when_there_is_nothing_left(sink: Sink) -> None:
    version = driver.furnish(sink)
    driver.plan(version, driver.people(20), "B")
    with driver.worker() as process:
        assert driver.ended(process) == 0
    assert set(Effect.objects.values_list("state", flat=True)) == {"done"}
