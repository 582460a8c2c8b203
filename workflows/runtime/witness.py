"""What a worker was about to do, noted where its death cannot take it: which mails never left, which were answered.

A worker that dies between reserving and recording leaves effects of class C of which the database only knows that they
may have happened. But only from the last byte's leaving to the server's answer nobody can know it. So each process
that delivers keeps a file on its own disk, a line for each of: this is about to be reserved; this leaves now; this was
its answer. `testimony` reads it when its process is gone. It holds numbers, states and what far sides said, without
addresses.

What makes it safe to believe:

- **What is written is true; what is missing may only be missing.** An answer counts wherever it is read. That a mail
  never left is said by a missing line, so it counts only where no line can be missing: the file is whole to its last
  line break, it is the very file that was written (its number on the disk stands in it, so a copy is none), and its
  process can write no more: it held the file's lock, which the kernel takes from it however it ends. No process is
  asked for by its number, so none is taken for another that has the number now.
- **A process that is killed loses no line**: each is one write into the kernel's memory before the call goes on. **A
  machine that goes down does**, and keeps any part of what was written. Lines are not flushed, at some milliseconds a
  mail; instead the file names the boot it was begun in, and under another nothing counts for being missing.
- **A reservation is named by effect, fence and instant**: of one that was rolled back the fence is taken again. It is
  noted before its commit, so none is committed that is not noted.
- **A disk that takes no line**: the file is removed, which needs no room, and all is in doubt as it is without it. Can
  it not be removed either, what it names and has not left stays here.

Not provided for: a disk that forgets what it took while the machine goes on, and a machine set back to an earlier
moment while the database is not.

Only class C needs it. Its price is in docs/performance.md.
"""

import os
import threading
import time
from collections.abc import Iterable
from dataclasses import field
from datetime import datetime
from typing import Any

from martechops.lib import logs
from martechops.lib.frozen import dataclass

from . import witness_file
from .effects import Claimed, Settled
from .witness_file import Book

#: Past this, what is settled is left out of a new file.
_FULL_BYTES = 64 * 1024
#: What its lane gave up recording is kept for so long after.
_HEARD_WITHIN_SECONDS = 600.0

_guard = threading.Lock()
_own: "list[Witness]" = []


class CannotSay(Exception):
    """It can be noted nowhere that this leaves, though it is noted that it was reserved: so it must not."""


def own() -> "Witness":
    """This process's: a file does not follow its process through a fork."""
    with _guard:
        if not _own or _own[0].pid != os.getpid():
            _own[:] = [Witness(os.getpid())]
        return _own[0]


@dataclass(slots=True)
class _Kept:
    """The lines about one reservation, until it is settled."""

    system: str
    lines: list[bytes]
    #: When its lane gave it up, by the monotonic clock; 0 for not yet.
    left_behind_at: float = 0.0


@dataclass(slots=True)
class Witness:
    """Of one process. Every method may be called by any thread; what it does not know of, it lets pass."""

    pid: int
    _book: Book | None = None
    #: Files that say what is not true any more, and that could not be removed.
    _stale: list[Book] = field(default_factory=list)
    _kept: dict[tuple[int, int], _Kept] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reserving(self, effects: Iterable[Claimed], *, at: datetime) -> None:
        """Say what is about to be reserved, at the instant that stands in its row. Call inside that transaction."""
        with self._lock:
            self._stale = [book for book in self._stale if not book.remove()]
            if self._stale:
                return
            self._book = self._book or Book.begin()
            if self._book is None:
                return
            lines = []
            for one in effects:
                lines.append(witness_file.reserving(one.id, one.fence, at=at))
                self._kept[one.id, one.fence] = _Kept(one.system, lines[-1:])
            self._write(b"".join(lines))

    def leaving(self, effect: Claimed) -> None:
        """Say that it is about to be out of our hands. Raises `CannotSay`, and then it must not leave."""
        with self._lock:
            kept = self._kept.get((effect.id, effect.fence))
            if kept is None:
                return
            self._note(kept, witness_file.leaving(effect.id, effect.fence))
            if self._stale:
                raise CannotSay

    def answered(self, settled: Settled) -> None:
        """Say what came of it, where that is known."""
        key = settled.id, settled.fence
        if settled.state == "uncertain" or key not in self._kept:
            return
        receipt = _without_addresses((settled.outcome or {}).get("receipt"))
        reason = logs.clean(settled.reason)
        line = witness_file.answered(*key, settled.state, reason, settled.not_before, receipt)
        with self._lock:
            if kept := self._kept.get(key):
                self._note(kept, line)

    def recorded(self, settled: Iterable[Settled]) -> None:
        """The database knows what came of these: nothing need be kept of them."""
        if not self._kept:
            return
        with self._lock:
            for one in settled:
                self._kept.pop((one.id, one.fence), None)
            if self._book and self._book.size > _FULL_BYTES:
                self._begin_anew()

    def withdrawn(self, effects: Iterable[Claimed]) -> None:
        """Their reservation failed, perhaps while it was committed: they do not leave."""
        for one in effects:
            self.answered(Settled(one.id, one.fence, "planned", "the database was away when it was reserved", None))
            self._leave_behind(one.id, one.fence)

    def left_behind(self, system: str) -> None:
        """Its lane gives up: what is answered, now or later, is recorded by `testimony`."""
        for key in [key for key, kept in self._kept.copy().items() if kept.system == system]:
            self._leave_behind(*key)

    def _leave_behind(self, id: int, fence: int) -> None:
        if kept := self._kept.get((id, fence)):
            kept.left_behind_at = time.monotonic()

    def _note(self, kept: _Kept, line: bytes) -> None:
        kept.lines.append(line)
        self._write(line)

    def _write(self, lines: bytes) -> None:
        """All of it, or the file goes, and with it what is kept."""
        if self._book and not self._book.write(lines):
            self._drop(self._book)
            self._book = None
            if not self._stale:
                self._kept.clear()

    def _drop(self, book: Book) -> None:
        if not book.remove():
            self._stale.append(book)

    def _begin_anew(self) -> None:
        """A file with what is not settled; the old one goes once the new one is whole."""
        given_up = time.monotonic() - _HEARD_WITHIN_SECONDS
        self._kept = {key: kept for key, kept in self._kept.items() if not 0 < kept.left_behind_at < given_up}
        lines = b"".join(line for kept in self._kept.values() for line in kept.lines)
        old = self._book
        if old is None or 4 * len(lines) > old.size or (new := Book.begin()) is None:
            return
        if new.write(lines):
            self._book = new
            self._drop(old)
        else:
            self._drop(new)


def _without_addresses(value: Any) -> Any:
    """What a far side said may name whom it was for."""
    if isinstance(value, dict):
        return {name: _without_addresses(one) for name, one in value.items()}
    return logs.clean(value) if isinstance(value, str) else value
