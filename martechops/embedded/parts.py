"""What an installation consists of besides its database: web, workers and beat, each a process with a log."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from martechops.embedded import claim, postgres, processes
from martechops.embedded.home import Home
from martechops.embedded.postgres import Server

ROOT = Path(__file__).resolve().parent.parent.parent
APPLICATION = "martechops.web:application"
#: At once, at most; who comes later waits until one is closed.
CONNECTIONS = 4096
LOG_KEPT_BYTES = 10 * 1024 * 1024

#: A part that does not come up is started less and less often; one that had come up is started again at once.
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0
SETTLED_AFTER_SECONDS = 3.0


@dataclass(slots=True)
class Part:
    """One process that is to be kept running."""

    name: str
    start: Callable[[], "subprocess.Popen[bytes]"]
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    deaths: int = 0
    #: When to start it again, by the monotonic clock; None while it runs.
    due_at: float | None = field(default=0.0)

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process is not None and self.due_at is None else None

    def begin(self) -> None:
        self.process = self.start()
        self.started_at, self.due_at = time.monotonic(), None

    def note_death(self) -> float:
        """Seconds until it is started again. What it left behind in its process group is ended first."""
        assert self.process is not None
        end_group(self.process, by=signal.SIGKILL)
        settled = time.monotonic() - self.started_at > SETTLED_AFTER_SECONDS
        self.deaths = 1 if settled else self.deaths + 1
        pause: float = min(FIRST_PAUSE_SECONDS * 2 ** (self.deaths - 1), LONGEST_PAUSE_SECONDS)
        self.due_at = time.monotonic() + pause
        return pause


def database(server: Server) -> Part:
    return Part(name="postgres", start=lambda: postgres.start(server))


def web(home: Home, *, port: int) -> Part:
    command = ["granian", "--interface", "rsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
    return _python(home, "web", [*command, "--backlog", str(CONNECTIONS), "--workers-kill-timeout", "20", APPLICATION])


def wsgi(home: Home, *, port: int, application: str) -> Part:
    """Another application on the same server, with a thread a request: what the bench measures web against."""
    command = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
    return _python(home, "web", [*command, "--blocking-threads", "32", "--workers-kill-timeout", "20", application])


def worker(home: Home, *, number: int) -> Part:
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "warning"]
    one = ["--pool", "solo", "--concurrency", "1", "--hostname", f"worker-{number}@%h"]
    return _headless(home, f"worker-{number}", ["celery", "-A", "martechops.celery", "worker", *one, *quiet])


def beat(home: Home) -> Part:
    command = ["celery", "-A", "martechops.celery", "beat", "--pidfile=", "--loglevel", "warning"]
    return _headless(home, "beat", command)


def run_command(home: Home, *, name: str, arguments: list[str]) -> "subprocess.Popen[bytes]":
    """Run one of our own management commands beside the parts, with a log of its own."""
    return _spawn(home, name, [sys.executable, "manage.py", *arguments])


def end_group(process: "subprocess.Popen[bytes]", *, by: signal.Signals) -> None:
    """Signal a part and whatever it started; each part leads a process group."""
    try:
        os.killpg(process.pid, by)
    except (ProcessLookupError, PermissionError):
        return


def last_words(home: Home, *, part: str) -> str:
    """The last line of a part's log."""
    try:
        lines = claim.log_path(home, part=part).read_text(errors="replace").splitlines()
    except OSError:
        return "it left no log"
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def _python(home: Home, name: str, module: list[str]) -> Part:
    return Part(name=name, start=lambda: _spawn(home, name, [sys.executable, "-m", *module]))


def _headless(home: Home, name: str, module: list[str]) -> Part:
    """A part that shows no pages (see `settings.HEADLESS`); checks of addresses and templates are the web part's."""
    command = [sys.executable, "-m", *module]
    return Part(name=name, start=lambda: _spawn(home, name, command, MARTECHOPS_HEADLESS="1", CELERY_SKIP_CHECKS="1"))


def _spawn(home: Home, name: str, command: list[str], **more: str) -> "subprocess.Popen[bytes]":
    log = claim.log_path(home, part=name)
    if log.exists() and log.stat().st_size > LOG_KEPT_BYTES:
        os.replace(log, log.with_suffix(".log.1"))
    environment = os.environ | {"MARTECHOPS_HOME": str(home.root), "PYTHONUNBUFFERED": "1"} | more
    with open(log, "ab") as output:
        return subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=ROOT,
            env=environment,
            start_new_session=True,  # Ctrl-C is for the supervisor, which stops its parts in order
            preexec_fn=processes.die_with_parent(by=signal.SIGTERM),
        )
