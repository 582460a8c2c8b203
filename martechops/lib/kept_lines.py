"""Connections to far sides, checked when they are made, and some of them kept for the next request to the same place.

A line is kept for a few seconds, less long than servers usually keep their end, and asked before it is used again
whether the far side has closed it meanwhile.
"""

import atexit
import io
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from martechops.lib import outward
from martechops.lib.outward import Deadline

#: Most servers keep theirs for five seconds and more.
KEPT_SECONDS = 4.0
MOST_KEPT_A_PLACE = 64
#: A socket is told of another timeout when what is left has changed by so much: each telling is a system call.
_COARSE_SECONDS = 0.2
#: A far side that closes its line does so with its answer, or long after it.
_JUST_NOW_SECONDS = 0.1
#: Of an answer that are taken in at a time: nearly every one comes in one piece.
PIECE_BYTES = 16 * 1024


class Place(NamedTuple):
    """What a line leads to."""

    host: str
    port: int
    secure: bool


class WasClosed(Exception):
    """The far side closed a kept line just as it was used, and said nothing: ask again over a new one."""


@dataclass(slots=True)
class Line:
    """A socket on which every wait is cut to what is left of the whole exchange."""

    place: Place
    link: socket.socket
    deadline: Deadline
    wrote: bool = False
    heard: bool = False
    idle_since: float = field(default=0.0)
    #: What has come of the answer and was not read yet.
    unread: bytes = b""
    #: That the socket knows of.
    _timeout: float = 0.0

    def begin(self, deadline: Deadline) -> None:
        """Another exchange."""
        self.deadline, self.wrote, self.heard, self.unread = deadline, False, False, b""

    def send(self, data: bytes) -> None:
        self._mind_the_deadline()
        self.wrote = True
        self.link.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        """What `http.client` reads an answer from."""
        del mode
        return io.BufferedReader(_Incoming(self))

    def hear(self) -> bytes:
        """The first piece of the answer, still to be read; nothing where the far side has hung up."""
        self._mind_the_deadline()
        self.unread = self.link.recv(PIECE_BYTES)
        self.heard = self.heard or bool(self.unread)
        return self.unread

    def hear_now(self) -> bytes | None:
        """The same where something has come, be it late; None if there was nothing in it to be read, as TLS has it."""
        if self.place.secure:
            self.link.settimeout(0)
            self._timeout = 0.0
        try:
            self.unread = self.link.recv(PIECE_BYTES)
        except ssl.SSLWantReadError:
            return None
        self.heard = self.heard or bool(self.unread)
        return self.unread

    def receive(self, into: memoryview) -> int:
        if self.unread:
            piece, self.unread = self.unread[: len(into)], self.unread[len(into) :]
            into[: len(piece)] = piece
            return len(piece)
        self._mind_the_deadline()
        count = self.link.recv_into(into)
        self.heard = self.heard or count > 0
        return count

    def _mind_the_deadline(self) -> None:
        left = self.deadline.left()
        if abs(left - self._timeout) > _COARSE_SECONDS or left < _COARSE_SECONDS:
            self.link.settimeout(left)
            self._timeout = left

    def can_be_used(self) -> bool:
        """As far as can be known; one that was used just now is not asked: whoever uses it can ask again anyway."""
        idle = time.monotonic() - self.idle_since
        return idle <= KEPT_SECONDS and (idle <= _JUST_NOW_SECONDS or not self.is_closed())

    def is_closed(self) -> bool:
        """By the far side: a line on which nothing was asked says nothing, so whatever can be read is its end."""
        try:
            return bool(select.select([self.link], [], [], 0)[0])
        except (OSError, ValueError):
            return True

    def close(self) -> None:
        self.link.close()


class _Incoming(io.RawIOBase):
    def __init__(self, line: Line) -> None:
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]
        return self._line.receive(into)


_guard = threading.Lock()
_kept: dict[Place, list[Line]] = {}


def connect(place: Place, deadline: Deadline, *, trust: Callable[[], ssl.SSLContext]) -> Line:
    """A new line. Raises `outward.NotAllowedThere`, TimeoutError and what else sockets raise."""
    link = outward.connect(place.host, place.port, deadline=deadline)
    if place.secure:
        try:
            link.settimeout(deadline.left())
            link = trust().wrap_socket(link, server_hostname=place.host)
        except BaseException:
            link.close()
            raise
    return Line(place, link, deadline)


def take(place: Place) -> Line | None:
    """A line to that place that is open as far as can be known; it is the caller's until it is given back."""
    while True:
        with _guard:
            lines = _kept.get(place)
            line = lines.pop() if lines else None
        if line is None or line.can_be_used():
            return line
        line.close()


def give_back(line: Line) -> None:
    """Keep it for the next; lines that have waited for too long are closed."""
    now = line.idle_since = time.monotonic()
    with _guard:
        lines = _kept.setdefault(line.place, [])
        old = [one for one in lines if now - one.idle_since > KEPT_SECONDS]
        lines[:] = [*(one for one in lines if now - one.idle_since <= KEPT_SECONDS), line]
        old += lines[:-MOST_KEPT_A_PLACE]
        del lines[:-MOST_KEPT_A_PLACE]
    for one in old:
        one.close()


@atexit.register
def _close_all() -> None:
    for line in [line for lines in _kept.values() for line in lines]:
        line.close()
