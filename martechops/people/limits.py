"""Allowances that refill with time, counted in the database so that every process sees the same (FAULTS S18).

The algorithm is GCRA, a leaky bucket kept as one instant per caller: one statement a call, no counters to reset, and
the exact time after which to try again. All on the database's clock.
"""

from dataclasses import dataclass
from math import ceil

from django.db import connection

from martechops.lib import digest


@dataclass(frozen=True, slots=True)
class Limit:
    """`burst` calls at once at most, and as many again over `period_seconds`."""

    name: str
    burst: int
    period_seconds: float

    def key(self, whom: str) -> str:
        """Whom it counts for, without writing down who that is."""
        return f"{self.name}:{digest.of(whom)[:32]}"


LOGIN_NAME = Limit("login-name", burst=10, period_seconds=600)
LOGIN_ADDRESS = Limit("login-address", burst=50, period_seconds=600)
API_TOKEN = Limit("api-token", burst=600, period_seconds=60)
INGEST_BAD_KEY = Limit("ingest-bad-key", burst=60, period_seconds=60)
API_BAD_TOKEN = Limit("api-bad-token", burst=30, period_seconds=60)

_SPEND = """
INSERT INTO people_ratelimit AS r (key, spent_until) VALUES (%(key)s, clock_timestamp() + %(each)s * interval '1 s')
ON CONFLICT (key) DO UPDATE SET spent_until = greatest(r.spent_until, clock_timestamp()) + %(each)s * interval '1 s'
WHERE greatest(r.spent_until, clock_timestamp()) + %(each)s * interval '1 s'
      <= clock_timestamp() + %(period)s * interval '1 s'
RETURNING 0
"""
_WAIT = """
SELECT extract(epoch FROM spent_until - clock_timestamp()) + %(each)s - %(period)s
FROM people_ratelimit WHERE key = %(key)s
"""


def spend(limit: Limit, *, whom: str) -> int:
    """Take one call from the allowance: 0 if it was there, else the whole seconds after which it will be."""
    values: dict[str, str | float] = {
        "key": limit.key(whom),
        "each": limit.period_seconds / limit.burst,
        "period": limit.period_seconds,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, values)
        if cursor.fetchone():
            return 0
        cursor.execute(_WAIT, values)
        row = cursor.fetchone()
    return max(1, ceil(row[0])) if row else 1


def restore(limit: Limit, *, whom: str) -> None:
    """Give the whole allowance back, as after a successful login."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM people_ratelimit WHERE key = %s", [limit.key(whom)])


def forget_unspent() -> None:
    """Delete rows whose allowance is full again. For the beat."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM people_ratelimit WHERE spent_until < clock_timestamp()")
