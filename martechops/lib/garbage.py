"""Python's search for garbage that refers to itself, put off while much is made that does not.

A batch of events makes some hundred thousand small values that all live until it is committed. The collector looks
through them again and again and finds nothing: a fifth of all time that a worker spent in Python, and none of its
memory. What a batch made is freed by its end, and the collector is on again before the next one.
"""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_guard = threading.Lock()
_at_work = 0


@contextmanager
def not_collected() -> Iterator[None]:
    """No search meanwhile, in this process, however many of its threads ask for that."""
    global _at_work
    with _guard:
        _at_work += 1
        gc.disable()
    try:
        yield
    finally:
        with _guard:
            _at_work -= 1
            if not _at_work:
                gc.enable()
