"""What a connection allows holds over all workers together: so many at once, so many a second (requirement D3)."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.db.models import Min
from pytest_django import Settings

from tests.chaos import driver
from tests.chaos.sink import running
from workflows.models import ConnectionHealth, Effect, Version

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE, PER_SECOND, COUNT = 3, 10, 40


class Crowd(ThreadingHTTPServer):
    """Counts how many requests are with it at once; each stays for a moment."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Visitor)
        self.lock = threading.Lock()
        self.here = self.most = self.came = 0


class _Visitor(BaseHTTPRequestHandler):
    server: Crowd

    def do_POST(self) -> None:
        crowd = self.server
        with crowd.lock:
            crowd.came += 1
            crowd.here += 1
            crowd.most = max(crowd.most, crowd.here)
        self.rfile.read(int(self.headers["content-length"]))
        time.sleep(0.05)
        with crowd.lock:
            crowd.here -= 1
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    server = Crowd()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def version(tmp_path: Path, settings: Settings) -> Iterator[Version]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with running(tmp_path / "journal") as sink:
        yield driver.furnish(sink)


def carried_out_by_two(version: Version) -> None:
    """By two worker processes that are both there before there is anything to do."""
    with ExitStack() as workers:
        for _ in range(2):
            workers.enter_context(driver.worker(IDLE_SECONDS="120"))
        driver.plan(version, driver.people(COUNT), "B")
        assert driver.until(lambda: not Effect.objects.exclude(state="done").exists(), seconds=90)


def limited(crowd: Crowd, **limits: float) -> None:
    address = f"http://127.0.0.1:{crowd.server_address[1]}/"
    driver.reach("hook", settings={"url": address}, secrets={"secret": driver.SECRET}, **limits)


@pytest.mark.requirement("D3")
def test_no_more_at_once_than_the_connection_allows_over_two_workers(version: Version, crowd: Crowd) -> None:
    limited(crowd, at_once=AT_ONCE)
    carried_out_by_two(version)
    assert crowd.came == COUNT
    assert 1 < crowd.most <= AT_ONCE


@pytest.mark.requirement("D3")
def test_no_token_of_a_rate_is_spent_by_two_workers(version: Version, crowd: Crowd) -> None:
    """Every token moves the connection's account on: had two workers spent the same, it would stand at half."""
    limited(crowd, per_second=PER_SECOND)
    carried_out_by_two(version)
    assert crowd.came == COUNT
    first = Effect.objects.aggregate(at=Min("reserved_at"))["at"]
    spent_until = ConnectionHealth.objects.get(pk="hook").spent_until
    assert spent_until is not None
    assert spent_until - first >= timedelta(seconds=0.75 * COUNT / PER_SECOND)
