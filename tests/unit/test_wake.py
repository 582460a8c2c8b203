"""A doorbell never fails, never waits, and rings last."""

import threading
import time
from collections.abc import Callable

import celery
import pytest

from martechops.lib import wake


@pytest.fixture(autouse=True)
def own_ringer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wake, "_current", [])


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr(celery.current_app, "send_task", lambda name, **options: names.append(name))
    return names


def until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 2
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def test_a_thousand_rings_become_a_few(heard: list[str]) -> None:
    for _ in range(1000):
        wake.ring("workflows.advance")
    assert until(lambda: bool(heard))
    time.sleep(2 * wake.LONGEST_QUIET_SECONDS)
    assert 1 <= len(heard) <= 5


def test_ring_during_the_quiet_time_is_still_heard(heard: list[str]) -> None:
    wake.ring("workflows.advance")
    assert until(lambda: len(heard) == 1)
    wake.ring("workflows.advance")
    assert until(lambda: len(heard) == 2)


def test_names_are_heard_apart(heard: list[str]) -> None:
    wake.ring("workflows.advance")
    wake.ring("workflows.deliver")
    assert until(lambda: set(heard) == {"workflows.advance", "workflows.deliver"})


@pytest.mark.requirement("F3")
def test_lost_broker_is_counted_and_never_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str, **options: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(celery.current_app, "send_task", gone)
    wake.ring("workflows.advance")
    assert until(lambda: wake.counts().lost == 1)


def test_hanging_broker_delays_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(celery.current_app, "send_task", lambda name, **options: release.wait(2))
    started = time.monotonic()
    for _ in range(100):
        wake.ring("workflows.advance")
    assert time.monotonic() - started < 30, "each ring waited for the broker"
    release.set()
