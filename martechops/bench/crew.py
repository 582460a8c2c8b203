"""The processes that a bench starts: workers, web servers, the sink. Each is ended by whoever started it."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from django.conf import settings

from martechops.embedded import claim, parts
from martechops.embedded.home import Home

from . import usage

#: A cold start on a busy machine.
READY_WITHIN_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Done:
    """What workers said together."""

    done: int
    #: From the word go to the last one's answer.
    seconds: float
    cpu_seconds: float
    database_cpu_seconds: float
    wal_bytes: int
    round_trips: int
    memory_mb: float
    #: Of what was done, in full batches, and the round trips of those.
    done_full: int
    round_trips_full: int


@dataclass(slots=True)
class Crew:
    """Worker processes that are warm and wait for the word."""

    processes: list["subprocess.Popen[str]"]
    server_pid: int

    def tell(self, word: str, *, workers: int) -> Done:
        """Have so many of them do it, and wait for all."""
        chosen = self.processes[:workers]
        wal, cpu = wal_position(), usage.cpu_of_tree(self.server_pid)
        began = time.perf_counter()
        for process in chosen:
            _say(process, word)
        said = [_heard(process) for process in chosen]
        seconds = time.perf_counter() - began
        return Done(
            done=sum(one["done"] for one in said),
            seconds=seconds,
            cpu_seconds=sum(one["cpu_seconds"] for one in said),
            database_cpu_seconds=usage.cpu_of_tree(self.server_pid) - cpu,
            wal_bytes=wal_position() - wal,
            round_trips=sum(one["round_trips"] for one in said),
            memory_mb=max(one["memory_mb"] for one in said),
            done_full=sum(one["done_full"] for one in said),
            round_trips_full=sum(one["round_trips_full"] for one in said),
        )


def wal_position() -> int:
    """How many bytes of write-ahead log there have been."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint")
        return int(cursor.fetchone()[0])


@contextmanager
def crew(size: int, *, server_pid: int) -> Iterator[Crew]:
    """So many workers."""
    processes = [_started("martechops.bench.worker", MARTECHOPS_HEADLESS="1") for _ in range(size)]
    try:
        for process in processes:
            if _line(process) != "ready":
                raise RuntimeError("a worker did not start")
        yield Crew(processes, server_pid)
    finally:
        for process in processes:
            _end(process)


@contextmanager
def sink() -> Iterator[int]:
    """The far side's port."""
    process = _started("martechops.bench.sink")
    try:
        yield int(_line(process))
    finally:
        _end(process)


@contextmanager
def web(home: Home, *, port: int, application: str | None = None, path: str = "") -> Iterator[int]:
    """The web part as `up` starts it, or another application on the same server; its process id, once it answers."""
    part = parts.wsgi(home, port=port, application=application) if application else parts.web(home, port=port)
    part.begin()
    assert part.process is not None
    try:
        _wait_until_it_listens(f"http://127.0.0.1:{port}/{path}", home)
        yield part.process.pid
    finally:
        part.process.terminate()
        part.process.wait(timeout=60)


@contextmanager
def supervised(started: Sequence[parts.Part]) -> Iterator[None]:
    """Celery workers and beat, as `up` starts them."""
    for part in started:
        part.begin()
    try:
        yield
    finally:
        for part in started:
            if part.process is not None:
                part.process.terminate()
        for part in started:
            if part.process is not None:
                part.process.wait(timeout=60)


def free_ports() -> Iterator[int]:
    """Ports that nobody listens on, as they are asked for."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        yield port


def _wait_until_it_listens(address: str, home: Home) -> None:
    ends = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < ends:
        try:
            urlopen(address, timeout=5).close()  # noqa: S310 - our own, on loopback
            return
        except URLError as error:
            if hasattr(error, "code"):
                return  # it answered, if with a refusal
            time.sleep(0.1)
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the web part did not start: {claim.log_path(home, part='web').read_text()[-2000:]}")


def _started(module: str, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", module],
        cwd=settings.BASE_DIR,
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _say(process: "subprocess.Popen[str]", word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(word + "\n")
    process.stdin.flush()


def _heard(process: "subprocess.Popen[str]") -> dict[str, Any]:
    said = _line(process)
    if not said:
        raise RuntimeError("a worker ended before its time")
    found: dict[str, Any] = json.loads(said)
    return found


def _end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait(timeout=30)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
