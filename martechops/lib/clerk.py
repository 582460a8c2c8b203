"""One thread with one database session, for callers that are too many to have a session each.

The ingest edge answers dozens of requests at once and asks the database little: which source a key opens, a block of an
allowance, and one transaction for all that wait to be stored. With a session a request thread the database would hold
dozens of them, mostly idle.
"""

import functools
import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connection, connections

#: A session that was in order a moment ago is not asked again whether it is: that would be one more statement a job.
TRUSTED_SECONDS = 5.0

Terms = ParamSpec("Terms")
Answer = TypeVar("Answer")


def ask(function: Callable[Terms, Answer], *arguments: Terms.args, **named: Terms.kwargs) -> Answer:
    """What the function returns or raises, asked on the clerk's session; inside a transaction, on the caller's own."""
    if connection.in_atomic_block:
        return function(*arguments, **named)
    return send(functools.partial(function, *arguments, **named)).result()


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


@functools.lru_cache(maxsize=1)
def _desk(pid: int) -> ThreadPoolExecutor:
    """This process's own: threads do not follow through a fork."""
    del pid
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="clerk")
