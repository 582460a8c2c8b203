"""Doorbells answered for reporting."""

import time

from celery import shared_task

from martechops.lib import clock
from reporting.actions import projection

FACTS = "reporting.facts"
#: A turn of the worker; what is left waits for the next ring.
TURN_SECONDS = 1.0


@shared_task(name=FACTS)
def facts_task() -> None:
    """Make facts of what was written since the last ring."""
    end = time.monotonic() + TURN_SECONDS
    while projection.turn(at=clock.now()) and time.monotonic() < end:
        pass
