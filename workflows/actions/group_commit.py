"""Requests that wait together share one transaction, and each is answered after its commit.

A commit waits for the disk, whatever it carries: one for each single message would be most of what storing it costs.
So while one group is being committed, the next gathers; nobody waits for company.

Measured on two loaded cores, single messages by 64 kept connections through the server: with a thread for each request
240 to 270 µs of Python's CPU a message, with all of them waiting on one event loop 135 to 180.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db import InterfaceError, InternalError, OperationalError

from martechops.lib import clerk

from .parcels import Parcel, Stored, store

#: Of one transaction: a group that is larger waits for the next one.
MOST_MESSAGES = 2_500
#: A database that has not answered by then is away, whatever becomes of what it was asked.
PATIENCE_SECONDS = 20.0

#: What says nothing about the messages, but about the database.
AWAY = (OperationalError, InterfaceError, InternalError)


@dataclass(slots=True, eq=False)
class _Waiting:
    """One request's parcel, and what became of it once `told` is open."""

    open: Callable[[], Parcel]
    parcel: Parcel | None = None
    stored: Stored | None = None
    error: Exception | None = None
    told: clerk.Promise = field(default_factory=clerk.Promise)

    def is_opened(self) -> bool:
        """Read it, where that was not done yet; what cannot be read is its sender's fault and nobody else's."""
        if self.parcel is None and self.error is None:
            try:
                self.parcel = self.open()
            except Exception as error:  # noqa: BLE001 - raised again where its sender waits
                self.error = error
        return self.parcel is not None


async def share(parcel: Callable[[], Parcel]) -> Stored:
    """Store it, together with whatever else is waiting; returns after the commit. Raises what the database raises.

    It is opened by the one who writes, parcel after parcel: a batch of thousands does not hold up the event loop.
    """
    waiting = _Waiting(parcel)
    _table.take(waiting)
    try:
        await waiting.told.kept(within=PATIENCE_SECONDS)
    except TimeoutError:
        raise OperationalError("the database does not answer") from None
    if waiting.error is not None:
        raise waiting.error
    assert waiting.stored is not None
    return waiting.stored


@dataclass(slots=True)
class _Table:
    """Where parcels wait. The clerk is called when the first is put down, and calls himself while there are more."""

    parcels: list[_Waiting] = field(default_factory=list)
    is_called: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, waiting: _Waiting) -> None:
        with self.lock:
            self.parcels.append(waiting)
            call, self.is_called = not self.is_called, True
        if call:
            clerk.send(self._write)

    def _write(self) -> None:
        group = self._group()
        try:
            _write(group)
        finally:
            clerk.Promise.keep([waiting.told for waiting in group])
            with self.lock:
                self.is_called = call = bool(self.parcels)
            if call:
                clerk.send(self._write)

    def _group(self) -> list[_Waiting]:
        """As many as fit, at least one, in the order in which they came."""
        with self.lock:
            waiting, self.parcels = self.parcels, []
        size, room = 0, MOST_MESSAGES
        for one in waiting:
            room -= len(one.parcel.messages) if one.is_opened() and one.parcel else 0
            if room < 0 and size:
                break
            size += 1
        with self.lock:
            self.parcels = waiting[size:] + self.parcels
        return waiting[:size]


_table = _Table()


def _write(group: Sequence[_Waiting]) -> None:
    """All in one transaction; where one of them is at fault each has its own, so that it harms no neighbour."""
    found = [(waiting, waiting.parcel) for waiting in group if waiting.parcel is not None]
    try:
        stored = store([parcel for _, parcel in found]) if found else []
        for (waiting, _), one in zip(found, stored, strict=True):
            waiting.stored = one
    except AWAY as error:
        for waiting, _ in found:
            waiting.error = type(error)(*error.args)
    except Exception as error:  # noqa: BLE001 - whose fault it is shows when each is tried alone
        if len(found) == 1:
            found[0][0].error = error
            return
        for waiting, _ in found:
            _write([waiting])
