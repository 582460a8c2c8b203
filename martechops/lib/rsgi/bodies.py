"""Bodies of requests, read on the event loop: in time, up to a size, and all unfinished ones within one allowance.

One rule for senders that stop and for those that send a byte now and then: a body has some seconds, and one more for
every 16 KiB of it that came. What is not there by then is answered 408 and its connection is closed.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

from django.conf import settings

from .interface import Line, Scope

#: Who is slower than this many bytes a second uses up the seconds that every body has.
SLOWEST = 16 * 1024


class Unread(Exception):
    """The body was not read to its end; the message is for its sender. Nothing more can be read on this connection."""

    status = 400


class TooLarge(Unread):
    """the body is larger than is taken here"""

    status = 413


class TooSlow(Unread):
    """the body did not come in time"""

    status = 408


class NoRoom(Unread):
    """too much is being received at this moment; send it again"""

    status = 503


class CutOff(Unread):
    """the body ended before the length that was announced"""


class Held(Protocol):
    """What keeps the chunks of a body."""

    def write(self, chunk: bytes, /) -> object: ...


@dataclass(slots=True)
class Room:
    """What all bodies of a kind may hold together, in bytes."""

    most: int
    taken: int = 0

    def take(self, size: int) -> None:
        """Raises NoRoom."""
        if self.taken + size > self.most:
            raise NoRoom(NoRoom.__doc__)
        self.taken += size

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Raises NoRoom."""
        self.take(size)
        try:
            yield
        finally:
            self.taken -= size


@dataclass(slots=True, eq=False)
class _Reader:
    """Who waits for a body, and until when."""

    task: "asyncio.Task[Any]"
    deadline: float
    is_late: bool = False


@dataclass(slots=True)
class Chunks:
    """A body in memory."""

    parts: list[bytes] = field(default_factory=list)

    def write(self, chunk: bytes) -> None:
        self.parts.append(chunk)

    def joined(self) -> bytes:
        return self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)


async def in_memory(scope: Scope, line: Line, *, at_most: int, room: Room) -> bytes:
    """The whole body. Raises Unread."""
    held = Chunks()
    await _received(scope, line, held, at_most=at_most, room=room)
    return held.joined()


async def in_a_file(scope: Scope, line: Line, *, at_most: int, in_memory: int, room: Room) -> IO[bytes]:
    """The whole body, on disk as soon as it is larger than `in_memory`. The caller closes it. Raises Unread."""
    held = tempfile.SpooledTemporaryFile(max_size=in_memory)  # noqa: SIM115 - handed on
    try:
        await _received(scope, line, held, at_most=at_most, room=room)
    except BaseException:
        held.close()
        raise
    held.seek(0)
    return held


async def _received(scope: Scope, line: Line, held: Held, *, at_most: int, room: Room) -> None:
    announced = length(scope)
    if announced == 0:
        return
    if announced is not None and announced > at_most:
        raise TooLarge(TooLarge.__doc__)
    chunks, size, taken = line.__aiter__(), 0, 0
    reader = _watched()
    try:
        while chunk := await chunks.__anext__():
            size += len(chunk)
            if size > at_most:
                raise TooLarge(TooLarge.__doc__)
            held.write(chunk)
            if size == announced:
                return
            room.take(len(chunk))
            taken += len(chunk)
            reader.deadline += len(chunk) / SLOWEST
    except asyncio.CancelledError:
        if not reader.is_late:
            raise
        reader.task.uncancel()
        raise TooSlow(TooSlow.__doc__) from None
    finally:
        _readers.remove(reader)
        room.taken -= taken
    if announced is not None and size < announced:
        raise CutOff(f"{CutOff.__doc__}: {size} of {announced} bytes")


def _watched() -> _Reader:
    """One clock looks after all readers: a timer for each of them costs a twelfth of a short request."""
    task = asyncio.current_task()
    assert task is not None
    loop = task.get_loop()
    if not _readers:
        loop.call_later(_tick(), _look, loop)
    reader = _Reader(task, loop.time() + settings.REQUEST_BODY_SECONDS)
    _readers.add(reader)
    return reader


def _look(loop: asyncio.AbstractEventLoop) -> None:
    """Those whose time is over hear it where they wait."""
    now = loop.time()
    for reader in _readers:
        if reader.deadline <= now and not reader.is_late:
            reader.is_late = True
            reader.task.cancel()
    if _readers:
        loop.call_later(_tick(), _look, loop)


def _tick() -> float:
    patience: float = settings.REQUEST_BODY_SECONDS
    return min(1.0, patience / 4)


_readers: set[_Reader] = set()


def length(scope: Scope) -> int | None:
    """Of the body, as announced; None where it ends by itself (chunked). Without either there is none."""
    headers = scope.headers
    if (announced := headers.get("content-length")) is not None:
        return int(announced)  # the server has refused what is no number
    return None if headers.get("transfer-encoding") or scope.http_version == "2" else 0
