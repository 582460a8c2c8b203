"""A worker process under measurement: does what it is told on standard input, and says what that cost.

`python -m martechops.bench.worker`; each line is one of `advance`, `advance-untraced`, `deliver`, `quit`.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any
from unittest import mock

from martechops.bench import usage

#: Between two looks at a queue whose rest another worker holds.
PAUSE_SECONDS = 0.002
#: Between two looks at effects that are under way.
DELIVERY_PAUSE_SECONDS = 0.02
#: Between two doorbells.
RING_SECONDS = 0.5


def main() -> None:
    import django

    django.setup()
    import_module("workflows.tasks")  # as a worker does before its first doorbell: half a second of CPU
    tasks: dict[str, Callable[[usage.RoundTrips], Work]] = {
        "advance": _advance,
        "advance-untraced": _advance_untraced,
        "deliver": _deliver,
    }
    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip() not in tasks:
            return
        with usage.round_trips() as trips:
            began, worked = time.perf_counter(), time.process_time()
            work = tasks[line.strip()](trips)
            seconds, cpu = time.perf_counter() - began, time.process_time() - worked
        largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        said = {"seconds": seconds, "cpu_seconds": cpu, "round_trips": trips.count, "memory_mb": largest}
        print(json.dumps(said | asdict(work)), flush=True)


@dataclass(slots=True)
class Work:
    """What was done."""

    done: int = 0
    #: Of that, in batches that were full, and how often the database was asked for them.
    done_full: int = 0
    round_trips_full: int = 0


def _advance(trips: usage.RoundTrips) -> Work:
    from workflows.models import QueuedEvent
    from workflows.runtime.advance import MOST_TOGETHER, advance

    work = Work()
    while True:
        before = trips.count
        handled = advance()
        work.done += handled
        if handled >= MOST_TOGETHER:
            work.done_full += handled
            work.round_trips_full += trips.count - before
        if not handled:
            if not QueuedEvent.objects.exists():
                return work
            time.sleep(PAUSE_SECONDS)


def _advance_untraced(trips: usage.RoundTrips) -> Work:
    """The same without the account of why: neither put into words nor written."""
    with _untraced():
        return _advance(trips)


@contextmanager
def _untraced() -> Any:
    """For measurement only, hence by patching: the product has no such switch."""
    from workflows.engine import explain
    from workflows.runtime import write

    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(write, "_accounts", return_value=None))
        for name in ("decision", "admission"):
            stack.enter_context(mock.patch.object(explain, name, return_value={}))
        yield


def _deliver(trips: usage.RoundTrips) -> Work:
    """Until the last one is recorded: that lanes then wait for more is no part of it."""
    from workflows.models import Effect
    from workflows.runtime import lanes

    under_way = Effect.objects.filter(state__in=["planned", "reserved"])
    del trips
    before = Effect.objects.filter(state="done").count()
    while under_way.exists():
        lanes.serve()  # as a doorbell does; lanes that have more to do need no other
        rung_again = time.monotonic() + RING_SECONDS
        while under_way.exists() and time.monotonic() < rung_again:
            time.sleep(DELIVERY_PAUSE_SECONDS)
    return Work(done=Effect.objects.filter(state="done").count() - before)


if __name__ == "__main__":
    main()
