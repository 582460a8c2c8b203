"""What work costs the machine: CPU by process, memory, write-ahead log, round trips to the database."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

#: What psycopg calls the step in which it only hands something over.
_NO_ANSWER = frozenset({"copy_to"})
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Process:
    """The lines of /proc/<pid>/stat that are of use."""

    pid: int
    parent: int
    #: User and system, of its own.
    cpu_seconds: float
    #: The same of the children that it has waited for.
    reaped_seconds: float


def processes() -> list[Process]:
    """All of this machine's, now."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                found.append(_process(int(name)))
            except (OSError, IndexError):
                continue  # it has just ended
    return found


def _process(pid: int) -> Process:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system, reaped_user, reaped_system = (int(word) / _TICKS for word in words[11:15])
    return Process(pid, int(words[1]), user + system, reaped_user + reaped_system)


def cpu_of_tree(pid: int) -> float:
    """CPU seconds of a process and all its children, also of those that have ended: it only ever rises."""
    known = processes()
    mine = {pid}
    while more := {one.pid for one in known if one.parent in mine} - mine:
        mine |= more
    return sum(one.cpu_seconds + one.reaped_seconds for one in known if one.pid in mine)


def memory_mb(pids: Iterable[int]) -> float:
    """Resident memory of the largest of these processes."""
    return max((_resident(pid) for pid in pids), default=0.0)


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


@dataclass(slots=True)
class RoundTrips:
    """How often a process waited for its database: a statement, either end of a COPY or of a transaction counts once.

    Handing a part of a COPY to the socket waits for no answer, and is not counted.
    """

    count: int = 0


@contextmanager
def round_trips() -> Iterator[RoundTrips]:
    """Count them for every connection of this process, below Django, where nothing gets past."""
    counted, wait = RoundTrips(), psycopg.Connection.wait

    def counting(self, what, *arguments, **named):  # type: ignore[no-untyped-def]
        counted.count += what.__name__ not in _NO_ANSWER
        return wait(self, what, *arguments, **named)

    psycopg.Connection.wait = counting  # type: ignore[method-assign, assignment]
    try:
        yield counted
    finally:
        psycopg.Connection.wait = wait  # type: ignore[method-assign]
