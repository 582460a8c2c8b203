"""A worker process under measurement: does what it is told on standard input, and says what that cost.

`python -m martechops.bench.worker`; each line is one of `advance`, `advance-untraced`, `deliver`, `quit`.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

#: Between two looks at a queue whose rest another worker holds.
PAUSE_SECONDS = 0.002


def main() -> None:
    import django

    django.setup()
    from martechops.bench import usage

    tasks: dict[str, Callable[[], int]] = {
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
            done = tasks[line.strip()]()
            seconds, cpu = time.perf_counter() - began, time.process_time() - worked
        largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        said = {"done": done, "seconds": seconds, "cpu_seconds": cpu, "round_trips": trips.count, "memory_mb": largest}
        print(json.dumps(said), flush=True)


def _advance() -> int:
    from workflows.models import QueuedEvent
    from workflows.runtime.advance import advance

    done = 0
    while True:
        handled = advance()
        done += handled
        if not handled:
            if not QueuedEvent.objects.exists():
                return done
            time.sleep(PAUSE_SECONDS)


def _advance_untraced() -> int:
    """The same without the account of why: neither put into words nor written."""
    with _untraced():
        return _advance()


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


def _deliver() -> int:
    from workflows.models import Effect
    from workflows.runtime import lanes

    planned = Effect.objects.filter(state="planned")
    before = Effect.objects.filter(state="done").count()
    while planned.exists():
        lanes.serve()
        lanes.wait_until_idle()
    return Effect.objects.filter(state="done").count() - before


if __name__ == "__main__":
    main()
