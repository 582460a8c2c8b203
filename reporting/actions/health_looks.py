"""The look at the workspace's health, taken now and then and kept for pages."""

import time
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from reporting.health import Look, look
from reporting.models import HealthLook

#: From one look to the next; at least so many times as long as a look takes, whatever there is to look at.
EVERY, PAUSE = timedelta(minutes=5), 20
#: One look at a time, whoever takes it.
_LOCK = 7_201_910


@transaction.atomic
def take(*, at: datetime, anyhow: bool = False) -> Look | None:
    """Look, and keep what was found; None where the last look is young enough, or another one is under way."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0] or not (anyhow or _is_due(at)):
            return None
    begun = time.monotonic()
    found = look(at=at)
    took = time.monotonic() - begun
    HealthLook.objects.update_or_create(pk=1, defaults={"at": at, "took_seconds": took, "found": _plain(found)})
    return found


def _is_due(at: datetime) -> bool:
    last = HealthLook.objects.only("at", "took_seconds").first()
    return last is None or at - last.at >= max(EVERY, PAUSE * timedelta(seconds=last.took_seconds))


def _plain(found: Look) -> dict[str, Any]:
    return {**asdict(found), "at": found.at.isoformat()}
