"""Nothing that a bench started outlives it, however it is ended: by Ctrl-C, by a signal, or by the kernel.

The command runs the bench in a process of its own and adopts what that one leaves behind (on Linux; elsewhere only the
polite ways out are covered). The bench, in turn, is told when the command dies.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from . import usage

#: Of Linux's prctl.
_TELL_ME_WHEN_MY_PARENT_DIES, _ADOPT = 1, 36
_PATIENCE_SECONDS = 30.0


def adopt() -> None:
    """What descends from this process becomes its child when its own parent dies."""
    _prctl(_ADOPT, 1)


def end_with_parent() -> None:
    """Have this process unwind, with all that it has opened, when it is asked to end or its parent dies."""
    _prctl(_TELL_ME_WHEN_MY_PARENT_DIES, signal.SIGTERM)
    signal.signal(signal.SIGTERM, _unwind)


def is_one() -> bool:
    """Is the parent gone?"""
    return os.getppid() == 1


@contextmanager
def ended_politely(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """A signal to this process ends that one first, and gives it time to clean up."""
    for one in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, _unwind)
    try:
        yield
    except BaseException:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_PATIENCE_SECONDS)
        raise


def end_all() -> None:
    """End every process that descends from this one, and see that it is gone."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while sys.platform == "linux" and (found := _descendants()) and time.monotonic() < until:
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.02)


def _descendants() -> set[int]:
    known = usage.processes()
    found: set[int] = set()
    while more := {one.pid for one in known if one.parent in found | {os.getpid()}} - found:
        found |= more
    return found


def _unwind(number: int, frame: FrameType | None) -> None:
    del frame
    raise SystemExit(128 + number)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
