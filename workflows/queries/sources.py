"""Finding where events come from."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from workflows.models import Source

#: Sources are told apart among so many of the newest events: an index for this page would cost every event.
NEWEST = 10_000

_WRITE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def with_write_key(write_key: object) -> Source | None:
    """The source that may send with this key; None for a wrong key, a switched-off source, or no key at all."""
    if not isinstance(write_key, str) or not _WRITE_KEY.fullmatch(write_key):
        return None
    return Source.objects.filter(write_key=write_key, enabled=True).first()


def with_key(key: str) -> Source | None:
    """The source of that key, if it is on."""
    return Source.objects.filter(key=key, enabled=True).first()


def key_of_changes(system: str) -> str:
    """The key of the source that a system's own changes come from, asked for or pushed: `crm-changes`."""
    return f"{system[:42]}-changes"


def to_send_as(key: str | None) -> Source | None:
    """The source of that key, or the oldest one, if it is on."""
    enabled = Source.objects.filter(enabled=True).order_by("pk")
    return enabled.filter(key=key).first() if key else enabled.first()


@dataclass(frozen=True, slots=True)
class Traffic:
    """A source with what it sent lately, as far as the newest events tell."""

    source: Source
    last_at: datetime | None
    recent: int
    #: There was more in that time than was looked at.
    more: bool


_TRAFFIC = """
SELECT source_id, max(received_at), count(*) FILTER (WHERE received_at > %(since)s), sum(count(*)) OVER ()
FROM (SELECT source_id, received_at FROM workflows_inboundevent ORDER BY id DESC LIMIT %(newest)s) newest
GROUP BY source_id
"""


def with_traffic(*, at: datetime) -> list[Traffic]:
    """Every source, by name, in two queries."""
    with connection.cursor() as cursor:
        cursor.execute(_TRAFFIC, {"since": at - timedelta(days=1), "newest": NEWEST})
        found = {row[0]: row[1:] for row in cursor.fetchall()}
    rows = Source.objects.select_related("system", "mapping")
    return [_traffic(source, *found.get(source.pk, (None, 0, 0))) for source in rows]


def _traffic(source: Source, last_at: datetime | None, recent: int, looked_at: int) -> Traffic:
    return Traffic(source, last_at, recent, more=looked_at >= NEWEST and recent > 0)
