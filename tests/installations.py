"""Whole installations as processes: what `manage.py up` starts, on a home and a port of their own."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from martechops.embedded import claim
from martechops.embedded.home import Home

ROOT = Path(__file__).resolve().parent.parent
#: For whatever must happen and is not measured: a machine that does ten other things is slow, not wrong.
PATIENCE_SECONDS = 240.0
#: An installation under test is itself, whatever this test run has set.
_NOT_INHERITED = ("CELERY_BROKER_URL", "DATABASE_URL", "MARTECHOPS_HOME", "DJANGO_ALLOW_ASYNC_UNSAFE")


@dataclass(slots=True)
class Installation:
    """One that was started; `address` ends with a slash."""

    home: Home
    port: int
    process: "subprocess.Popen[str]"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def conninfo(self) -> str:
        """For psycopg: its database."""
        return f"host={self.home.socket_folder} user=martechops dbname=martechops"

    def pids(self) -> dict[str, int]:
        """By part, now: postgres, web, worker-1, worker-2, beat. A part that is being restarted is not in it."""
        running = claim.read(self.home)
        return running.parts if running else {}

    def kill(self, part: str, *, by: signal.Signals = signal.SIGKILL) -> int:
        """End a part, wherever it is in its work; returns the id it had."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:  # it may just be ending by itself and be started again
            with contextlib.suppress(KeyError, ProcessLookupError):
                pid = self.pids()[part]
                os.kill(pid, by)
                return pid
            time.sleep(0.1)
        raise AssertionError(f"{part} does not run")

    def manage(self, *arguments: str, check: bool = True) -> str:
        """Run a management command on it and return what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=environment(self.home), capture_output=True, text=True, timeout=2 * PATIENCE_SECONDS
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    def get(self, path: str = "") -> tuple[int, str]:
        """Status and body; status 0 while nothing listens."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=60) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()
        except OSError:
            return 0, ""

    def ready(self) -> dict[str, Any]:
        """What /readyz says."""
        status, body = self.get("readyz")
        return json.loads(body) if status in {200, 503} else {"ready": False}

    def stop(self, *, by: signal.Signals = signal.SIGTERM, timeout_seconds: float = PATIENCE_SECONDS) -> int:
        """Ask it to stop, wait, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(by)
        return self.process.wait(timeout=timeout_seconds)


def start(home: Home, *arguments: str, port: int | None = None, more: Mapping[str, str] | None = None) -> Installation:
    """`manage.py up` on that home, with `more` in its environment; returns at once."""
    home.prepare()
    port = port or free_port()
    command = [sys.executable, "manage.py", "up", "--port", str(port), *arguments]
    with open(home.logs / "up.log", "a") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(home) | dict(more or {}),
            stdout=log,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    return Installation(home=home, port=port, process=process)


@contextlib.contextmanager
def running(root: Path, *arguments: str, more: Mapping[str, str] | None = None) -> Iterator[Installation]:
    """An installation that is ready (its workers were seen), and is gone afterwards.

    It makes everything itself; `prepared.furnish` beforehand spares it the tables.
    """
    home = Home.at(root)
    installation = start(home, *arguments, more=more)
    try:
        until(lambda: installation.ready()["ready"] or installation.process.poll() is not None)
        assert installation.ready()["ready"], (home.logs / "up.log").read_text()
        yield installation
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            installation.stop()
        if installation.process.poll() is None:
            installation.process.kill()
            installation.process.wait()
        shutil.rmtree(home.socket_folder, ignore_errors=True)


def until(condition: Callable[[], object], *, seconds: float = PATIENCE_SECONDS) -> bool:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def environment(home: Home) -> dict[str, str]:
    """What a shell on that installation would have."""
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    return kept | {"MARTECHOPS_HOME": str(home.root)}


def free_port() -> int:
    """One that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
