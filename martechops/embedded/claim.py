"""One `up` a folder: who holds it, and what the others are told."""

import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from martechops.embedded.home import EmbeddedError, Home


@dataclass(frozen=True, slots=True)
class Running:
    """What a running installation says of itself, in `up.json`."""

    pid: int
    address: str
    #: name of a part → its process id, such as {"postgres": 12, "web": 14, "worker-1": 15, "beat": 17}
    parts: dict[str, int] = field(default_factory=dict)


@contextlib.contextmanager
def of(home: Home) -> Iterator[None]:
    """Hold the folder; raises EmbeddedError, naming the holder, when somebody does already.

    A kernel lock, so that it goes with its process however that ends.
    """
    home.prepare()
    lock = home.root / "up.lock"
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise EmbeddedError(
            f"Cannot open {lock} ({error.strerror}); run as the user who owns it, or set MARTECHOPS_HOME."
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EmbeddedError(_already(home)) from None
        yield
        home.up_file.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def publish(home: Home, running: Running) -> None:
    """Say who runs here; written whole or not at all."""
    draft = home.up_file.with_suffix(".new")
    draft.write_text(json.dumps(asdict(running), indent=1))
    os.replace(draft, home.up_file)


def read(home: Home) -> Running | None:
    """What is said to run here; believed only by those who could not take the lock."""
    try:
        return Running(**json.loads(home.up_file.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def check_port(port: int) -> None:
    """Raises EmbeddedError when nothing of ours could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise EmbeddedError(f"Port {port} is reserved for root; choose one above 1023 with --port.") from None
        except (OSError, OverflowError):
            raise EmbeddedError(
                f"Port {port} is taken by another program, or is no port; choose another with --port."
            ) from None


def _already(home: Home) -> str:
    running = read(home)
    if running is None:
        return f"MartechOps is already starting on {home.root}; wait for it, or set MARTECHOPS_HOME to another folder."
    return (
        f"MartechOps already runs on {home.root}: {running.address} (process {running.pid}). "
        "Stop it with Ctrl-C where it was started, or set MARTECHOPS_HOME to another folder."
    )


def log_path(home: Home, *, part: str) -> Path:
    return home.logs / f"{part}.log"
