"""Children that do not outlive their parent, and what can be known of other processes."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def die_with_parent(*, by: signal.Signals) -> Callable[[], None]:
    """To be run in a child before exec: the kernel sends it `by` when the thread that started it ends (Linux only).

    Elsewhere a killed supervisor leaves children behind; the next start ends those it can tell are its own.
    """
    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def arrange() -> None:
        if libc is None:
            return
        libc.prctl(_PR_SET_PDEATHSIG, int(by), 0, 0, 0)
        if os.getppid() != parent:  # it died in between, and so no signal will come
            os._exit(1)

    return arrange


def is_alive(pid: int) -> bool:
    """True when a process has this id, whoever owns it; a zombie counts as gone."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _state(pid) != "Z"


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


def working_folder(pid: int) -> Path | None:
    """The folder a process works in, or None where that cannot be known."""
    with contextlib.suppress(OSError):
        return Path(os.readlink(f"/proc/{pid}/cwd"))
    lsof = shutil.which("lsof")
    if lsof is None:
        return None
    listing = subprocess.run(  # noqa: S603
        [lsof, "-a", "-p", str(pid), "-d", "cwd", "-Fn"], capture_output=True, text=True, check=False
    ).stdout
    return next((Path(line[1:]) for line in listing.splitlines() if line.startswith("n")), None)


def command_name(pid: int) -> str:
    """The program a process runs, or an empty string where that cannot be known."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return subprocess.run(  # noqa: S603
        ["/bin/ps", "-o", "ucomm=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()


def working_in(folder: Path, *, command: str) -> list[int]:
    """Live processes of that program whose working folder is exactly this one."""
    if not Path("/proc/self").exists():
        return []
    pids = (int(entry) for entry in os.listdir("/proc") if entry.isdigit())
    return [pid for pid in pids if working_folder(pid) == folder and command_name(pid) == command and is_alive(pid)]
