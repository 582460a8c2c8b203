"""Which source a write key opens, remembered for a moment: the same few keys are asked for thousands of times a second.

What somebody changes at a source (another key, switched off) holds here after twice LASTS_SECONDS at most, in this
process at once. Inside a transaction nothing is remembered: it may be rolled back, and it sees what others do not.
"""

import threading
import time

from martechops.lib import clerk
from workflows.models import Source
from workflows.queries import sources

LASTS_SECONDS = 1.0
#: Wrong keys are remembered too, so that guessing costs the database little; beyond so many all are forgotten.
MOST = 1_000

_known: dict[str, tuple[float, Source | None]] = {}
_lock = threading.Lock()


async def source_of(write_key: object) -> Source | None:
    """As `sources.with_write_key`."""
    if clerk.is_in_a_transaction() or not isinstance(write_key, str):
        return sources.with_write_key(write_key)
    now = time.monotonic()
    with _lock:
        until, source = _known.get(write_key, (0.0, None))
        if until > now:
            return source
        if until:  # one asks; the others go on with what was true a moment ago
            _known[write_key] = (now + LASTS_SECONDS, source)
    source = await clerk.ask(sources.with_write_key, write_key)
    with _lock:
        if len(_known) >= MOST:
            _known.clear()
        _known[write_key] = (now + LASTS_SECONDS, source)
    return source


def forget() -> None:
    """A source has changed."""
    with _lock:
        _known.clear()
