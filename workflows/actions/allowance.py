"""How much a source may send: one allowance for all web processes, spent by the thousand (FAULTS S18).

The database counts blocks and every process spends the block it took message by message, so the limit costs a write
per BLOCK messages and may be overdrawn by at most one block per process.
"""

import threading

from django.conf import settings

from martechops.lib import clerk
from martechops.people import limits

#: Messages that are taken from the shared allowance at once.
BLOCK = 1_000

_left: dict[int, int] = {}
_lock = threading.Lock()


async def spend(*, source_id: int, messages: int) -> int:
    """Take so many messages from the source's allowance: 0 if they may be sent, else the seconds to wait."""
    with _lock:
        _left[source_id] = _left.get(source_id, 0) - messages
        if _left[source_id] >= 0:
            return 0
    wait = await clerk.ask(limits.spend, _limit(), whom=str(source_id))
    with _lock:
        _left[source_id] += messages if wait else BLOCK
    return wait


def _limit() -> limits.Limit:
    per_second = settings.INGEST_MESSAGES_PER_SECOND
    seconds = max(1.0, BLOCK / per_second)
    return limits.Limit("ingest-source", burst=max(1, round(per_second * seconds / BLOCK)), period_seconds=seconds)
