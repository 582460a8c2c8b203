"""A database with all tables, made once and copied: to the run's own server, and to installations under test.

Making the tables takes ten seconds of a processor, and a dozen servers in a run begin with them. What is kept is the
folder of a server that was stopped; other migrations, or other pins, make another. Runs in one clone share it.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from martechops.embedded import postgres
from martechops.embedded.home import Home
from martechops.embedded.postgres import THROWAWAY_SETTINGS
from tests import installations

#: Beside what else tests keep between runs; not a part of the repository.
_KEPT = installations.ROOT / ".pytest_cache" / "prepared"
_APPS = ("martechops", "workflows", "campaigns", "reporting")


def furnish(home: Home) -> None:
    """Give a home that nobody has used a database with all tables, as if somebody had started it before."""
    home.prepare()
    made = _made()
    subprocess.run(["cp", "-a", made, home.postgres_data(major=_major(made))], check=True)


def _made() -> Path:
    """The folder to copy; whoever comes first makes it, and others wait."""
    _KEPT.mkdir(parents=True, exist_ok=True)
    with open(_KEPT / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = _KEPT / _digest()
        if not kept.exists():
            for old in _KEPT.glob("*/"):
                shutil.rmtree(old)
            _make().rename(kept)
    return next(kept.glob("postgres-*"))


def _make() -> Path:
    home = Home.at(_KEPT / "new")
    server = postgres.start(postgres.prepare(home, settings=THROWAWAY_SETTINGS))
    try:
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(command, cwd=installations.ROOT, env=installations.environment(home), check=True)
    finally:
        postgres.stop(server)
        shutil.rmtree(home.socket_folder, ignore_errors=True)
    return home.root


def _digest() -> str:
    """Of all that decides what the tables are."""
    digest = hashlib.sha256(f"{sys.version} {os.geteuid()}".encode())
    migrations = (path for app in _APPS for path in sorted((installations.ROOT / app).rglob("migrations/*.py")))
    for path in (installations.ROOT / "requirements.lock", *migrations):
        digest.update(f"{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _major(data: Path) -> int:
    return int(data.name.removeprefix("postgres-"))
