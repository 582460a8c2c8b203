"""A home that is thrown away afterwards, with a PostgreSQL as it is in earnest: what is committed is on disk."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from martechops.bench import orphans
from martechops.embedded import broker, postgres
from martechops.embedded.home import Home

#: Set for the process that measures: its MARTECHOPS_HOME is the one that is thrown away.
MARK = "MARTECHOPS_BENCH"
#: What this shell has set for an installation of its own is none of the bench's business.
_NOT_INHERITED = ("DATABASE_URL", "CELERY_BROKER_URL", "ALLOWED_HOSTS", "HTTPS", "EMAIL_URL")


def again_in_a_throwaway_home(arguments: Sequence[str]) -> int:
    """Run the same command in a process whose home is removed when it ends; its exit code."""
    root = Path(tempfile.mkdtemp(prefix="martechops-bench-", dir="/tmp"))
    root.chmod(0o755)  # PostgreSQL may run as another account
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    environment = kept | {
        MARK: "1",
        "MARTECHOPS_HOME": str(root),
        "CELERY_BROKER_URL": "memory://",
        "OUTBOUND_ALLOW": "127.0.0.0/8",
        "INGEST_MESSAGES_PER_SECOND": "10000000",
        "LOG_LEVEL": "WARNING",
    }
    orphans.adopt()
    process = subprocess.Popen([sys.executable, *arguments], env=environment)  # noqa: S603
    try:
        with orphans.ended_politely(process):
            return process.wait()
    finally:
        orphans.end_all()
        remove(root)


def remove(root: Path) -> None:
    """What a home leaves on the disk."""
    shutil.rmtree(Home.at(root).socket_folder, ignore_errors=True)
    shutil.rmtree(root, ignore_errors=True)


@contextmanager
def database() -> Iterator[int]:
    """PostgreSQL with fsync and synchronous commit, its tables made; the server's process id."""
    orphans.end_with_parent()
    server = postgres.prepare(settings.HOME, settings=postgres.SETTINGS)
    process = postgres.start(server)
    try:
        call_command("migrate", interactive=False, verbosity=0)
        broker.ensure(server.conninfo())
        yield process.pid
    finally:
        from django.db import connections

        connections.close_all()
        postgres.stop(process)
        if orphans.is_one():
            remove(settings.HOME.root)  # nobody else is there to do it
