"""One thread with one database session, for callers that are too many to have a session each.

The ingest edge answers hundreds of requests at once and asks the database little: which source a key opens, a block of
an allowance, and one transaction for all that wait to be stored.

What asks is a coroutine. On the event loop others go on while it waits; a thread of its own, such as a page's, runs it
`at_once` and waits itself. So there is one way through the code, whoever goes it.
"""

import asyncio
import contextvars
import functools
import os
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from django.db import close_old_connections, connection, connections

#: A session that was in order a moment ago is not asked again whether it is: that would be one more statement a job.
TRUSTED_SECONDS = 5.0

Terms = ParamSpec("Terms")
Answer = TypeVar("Answer")


async def ask(function: Callable[Terms, Answer], *arguments: Terms.args, **named: Terms.kwargs) -> Answer:
    """What the function returns or raises, asked on the clerk's session; inside a transaction, on the caller's own."""
    if is_in_a_transaction():
        return function(*arguments, **named)
    return await heard(send(functools.partial(function, *arguments, **named)))


def is_in_a_transaction() -> bool:
    """Whether the caller is, on a session of its own; the event loop has none."""
    return _may_wait.get() and connection.in_atomic_block


async def heard(answer: "Future[Answer]") -> Answer:
    """What another thread says."""
    return answer.result() if _may_wait.get() else await asyncio.wrap_future(answer)


class Promise:
    """To be kept by another thread; whoever waits for it does so as above."""

    __slots__ = ("_future", "_loop")

    def __init__(self) -> None:
        self._loop = None if _may_wait.get() else asyncio.get_running_loop()
        self._future: Future[None] | asyncio.Future[None]
        self._future = self._loop.create_future() if self._loop else Future()

    async def kept(self, *, within: float) -> None:
        """Raises TimeoutError."""
        if isinstance(self._future, Future):
            self._future.result(within)
            return
        assert self._loop is not None
        patience = self._loop.call_later(within, self._give_up)
        try:
            await self._future
        finally:
            patience.cancel()

    def _give_up(self) -> None:
        if isinstance(self._future, asyncio.Future) and not self._future.done():
            self._future.set_exception(TimeoutError())

    def _keep(self) -> None:
        if not self._future.done():
            self._future.set_result(None)

    @staticmethod
    def keep(promises: "Sequence[Promise]") -> None:
        """All at once: waking a loop is a system call, and each of its rounds costs as much as a request."""
        loops = {promise._loop for promise in promises}
        for loop in loops:
            theirs = [promise for promise in promises if promise._loop is loop]
            if loop is None:
                _keep_all(theirs)
            else:
                loop.call_soon_threadsafe(_keep_all, theirs)


def _keep_all(promises: "Sequence[Promise]") -> None:
    for promise in promises:
        promise._keep()


def at_once(asking: Coroutine[Any, Any, Answer]) -> Answer:
    """The end of what asks as above, in a thread that may wait."""
    before = _may_wait.set(True)
    try:
        asking.send(None)
    except StopIteration as end:
        answer: Answer = end.value
        return answer
    finally:
        _may_wait.reset(before)
        asking.close()
    raise RuntimeError("this waits for something else than the clerk")


def send(work: Callable[[], Answer]) -> "Future[Answer]":
    """Have it done after all that was sent before; returns at once."""
    return _desk(os.getpid()).submit(_served, work)


def rest() -> None:
    """Let the session go. For tests, whose database is to be removed."""
    send(connections.close_all).result()


def _served(work: Callable[[], Answer]) -> Answer:
    if time.monotonic() - _last_served[0] > TRUSTED_SECONDS:
        close_old_connections()  # has it looked at before it is used
    try:
        return work()
    finally:
        _last_served[0] = time.monotonic()
        if connection.errors_occurred:
            close_old_connections()


_last_served = [0.0]
_may_wait: contextvars.ContextVar[bool] = contextvars.ContextVar("may_wait", default=False)


@functools.lru_cache(maxsize=1)
def _desk(pid: int) -> ThreadPoolExecutor:
    """This process's own: threads do not follow through a fork."""
    del pid
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="clerk")
