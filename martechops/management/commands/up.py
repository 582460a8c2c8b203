"""`manage.py up`: a whole installation in one command, until Ctrl-C."""

import contextlib
import errno
import io
import os
import subprocess
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from martechops.embedded import broker, claim, parts, postgres
from martechops.embedded.home import EmbeddedError, Home
from martechops.embedded.supervisor import Supervisor

DEMO_EVENTS = ["send_demo_events", "--count", "60", "--seed", "1"]


class Command(BaseCommand):
    help = "Start PostgreSQL, web, workers and beat with the demo workspace, and keep them running until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--empty", action="store_true", help="without the demo workspace")
        parser.add_argument("--port", type=int, default=8000, help="where the web part listens (default 8000)")
        parser.add_argument("--workers", type=int, default=2, help="how many worker processes (default 2)")

    def handle(self, *args: Any, **options: Any) -> None:
        home: Home = settings.HOME
        try:
            with claim.of(home):
                claim.check_port(options["port"])
                self._run(home, empty=options["empty"], port=options["port"], workers=options["workers"])
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise EmbeddedError(f"The disk that holds {home.root} is full; free some space and start again.") from error

    def _run(self, home: Home, *, empty: bool, port: int, workers: int) -> None:
        supervisor = Supervisor(home=home, port=port, say=self._say)
        with supervisor.heeding_signals():
            try:
                self._start(supervisor, empty=empty, workers=workers)
                supervisor.keep()
            finally:
                if supervisor.parts:
                    self._say("Stopping ...")
                supervisor.stop()
        self._say("Stopped.")

    def _start(self, supervisor: Supervisor, *, empty: bool, workers: int) -> None:
        home, steps = supervisor.home, (self._database, self._tables)
        for step in steps:
            if supervisor.asked_to_stop.is_set():
                return
            step(supervisor)
        first = not _started_before(home)
        logins = self._demo(home, load=first and not empty)
        os.environ.setdefault("PUBLIC_URL", supervisor.address)
        for part in (
            parts.web(home, port=supervisor.port),
            *(parts.worker(home, number=number + 1) for number in range(workers)),
            parts.beat(home),
        ):
            supervisor.begin(part)
        if first and not empty:
            self._past()
        supervisor.wait_until_web_answers()
        if supervisor.asked_to_stop.is_set():
            return
        _note_start(home)
        self._welcome(supervisor, logins=logins)
        if first and not empty and "send_demo_events" in get_commands():
            parts.run_command(home, name="demo-events", arguments=[*DEMO_EVENTS, "--url", supervisor.address])

    def _database(self, supervisor: Supervisor) -> None:
        started = time.monotonic()
        if not settings.EMBEDDED:
            self._check_own_database()
            return
        server = postgres.prepare(supervisor.home)
        supervisor.begin(parts.database(server))
        self._say(f"PostgreSQL {server.binaries.major} answers ({_since(started)}); data in {server.data}")

    def _check_own_database(self) -> None:
        if not postgres.answers(settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("conn_string", "")):
            raise EmbeddedError("The database that DATABASE_URL names does not answer.")

    def _tables(self, supervisor: Supervisor) -> None:
        started = time.monotonic()
        call_command("migrate", interactive=False, verbosity=0)
        conninfo = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("conn_string")
        if conninfo is not None:
            broker.ensure(conninfo)
        connections.close_all()
        self._say(f"Tables are as this version wants them ({_since(started)})")

    def _demo(self, home: Home, *, load: bool) -> str:
        """Load the demo when asked, and return what it says of its logins, which is kept for later starts."""
        kept = home.root / "demo-logins.txt"
        if load and "load_demo" in get_commands():
            started = time.monotonic()
            said = _output_of("load_demo")
            kept.touch(mode=0o600)
            kept.write_text(said)
            self._say(f"Demo workspace loaded ({_since(started)})")
        with contextlib.suppress(OSError):
            return kept.read_text()
        return ""

    def _past(self) -> None:
        """While the parts start, and before anybody knows where they answer."""
        if "load_demo_past" in get_commands():
            started = time.monotonic()
            _output_of("load_demo_past")
            self._say(f"Two months of made-up leads lived through ({_since(started)})")

    def _welcome(self, supervisor: Supervisor, *, logins: str) -> None:
        self._say(f"\nMartechOps is at {supervisor.address}   (Ctrl-C stops it; logs are in {supervisor.home.logs})")
        self._say(logins.rstrip() or "Sign in with a login of your own; python3 manage.py createsuperuser makes one.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _output_of(command: str) -> str:
    """In a process of its own: this one must stay free of threads, because it forks."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "manage.py", command], cwd=parts.ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise CommandError(f"{command} failed: {io.StringIO(done.stderr).read().strip().splitlines()[-1:]}")
    return done.stdout


def _started_before(home: Home) -> bool:
    return (home.root / "started").exists()


def _note_start(home: Home) -> None:
    (home.root / "started").touch()


def _since(started: float) -> str:
    return f"{time.monotonic() - started:.1f} s"
