"""Beat's understudy: who sweeps when nobody does, and what is rung for."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from martechops import understudy
from martechops.celery import TIMERS
from martechops.lib import pulse, wake
from tests.chaos import driver, tally
from tests.chaos.sink import Sink, running
from tests.installations import free_port
from workflows import tasks
from workflows.actions import inbound, sources
from workflows.models import Effect, QueuedEvent, System
from workflows.runtime.sweep import Overdue


@pytest.fixture
def swept(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done and rung for, in order."""
    done: list[str] = []

    def sweep() -> Overdue:
        done.append("swept")
        return Overdue(events_or_timers=True, effects=False)

    monkeypatch.setattr(tasks, "sweep", sweep)
    monkeypatch.setattr(tasks, "advance", lambda: done.append("advanced"))
    monkeypatch.setattr(wake, "ring", done.append)
    return done


def last_swept(*, seconds_ago: float) -> None:
    pulse.note(understudy.SWEEP)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE martechops_pulse SET at = at - make_interval(secs => %s) WHERE name = %s",
            [seconds_ago, understudy.SWEEP],
        )


@pytest.mark.django_db
def test_nobody_steps_in_while_beat_is_heard(swept: list[str]) -> None:
    tasks.sweep_task()
    swept.clear()
    assert not understudy.play()
    assert swept == []


@pytest.mark.django_db
def test_one_worker_sweeps_once_nobody_has_for_a_while(swept: list[str]) -> None:
    last_swept(seconds_ago=2)
    assert understudy.play()
    assert swept[:3] == ["swept", tasks.ADVANCE, "advanced"]
    assert not understudy.play(), "it was another's turn a moment ago"


@pytest.mark.django_db
def test_what_else_beat_would_have_rung_for_is_rung_but_not_for_its_own_pulse(swept: list[str]) -> None:
    last_swept(seconds_ago=400)
    understudy.play()
    assert {*swept[3:]} == set(TIMERS) - {understudy.SWEEP, "martechops.pulse"}


@pytest.mark.django_db
def test_first_sweep_ever_is_expected_from_the_start() -> None:
    pulse.begin(understudy.SWEEP)
    last_swept(seconds_ago=9)
    pulse.begin(understudy.SWEEP)
    age = pulse.age_seconds(understudy.SWEEP)
    assert age is not None
    assert age > 8


def test_each_timer_is_rung_once_in_its_time_however_the_looks_fall() -> None:
    looks = [1_000_000 + 1.7 * n for n in range(600)]
    rung = [name for before, now in itertools.pairwise(looks) for name in understudy.missed(before, now)]
    span = looks[-1] - looks[0]
    for name in set(TIMERS) - {understudy.SWEEP, "martechops.pulse"}:
        every = max(TIMERS[name], 1.7)
        assert abs(rung.count(name) - span / every) <= 1, name


@pytest.fixture
def sink(tmp_path: Path, settings: Settings) -> Iterator[Sink]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with running(tmp_path / "journal") as started:
        yield started


@pytest.mark.requirement("D8")
@pytest.mark.django_db(transaction=True)
def test_worker_without_beat_and_broker_does_what_is_due(sink: Sink) -> None:
    """A real worker; where its broker should be, nobody listens."""
    planned = driver.plan(driver.furnish(sink), driver.people(3), "C")
    _receive_an_event()
    command = [sys.executable, "-m", "celery", "-A", "martechops.celery", "worker", "--pool", "solo"]
    nowhere = f"amqp://127.0.0.1:{free_port()}"
    environment = driver.of_this_test({"CELERY_SKIP_CHECKS": "1", "CELERY_BROKER_URL": nowhere})
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            assert driver.until(lambda: Effect.objects.filter(state="done").count() == 3, seconds=120)
            assert driver.until(lambda: not QueuedEvent.objects.exists(), seconds=120)
        finally:
            process.terminate()
    assert process.returncode == 0, "it did not end in order"
    verdict = tally.judge(planned, effect_class="C", journal=sink.journal)
    assert (verdict.lost, verdict.doubled) == (0, 0)


def _receive_an_event() -> None:
    now = datetime.now(UTC)
    source = sources.create(key="site", name="Site", system=System.objects.get(key="app"), by="ana", at=now)
    message = {"type": "track", "event": "Seen", "messageId": "m-1", "userId": "lea", "timestamp": now.isoformat()}
    inbound.receive(source=source, messages=[message | {"properties": {}}], received_at=now, sent_at=None)
    assert QueuedEvent.objects.exists()
