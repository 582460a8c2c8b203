"""Doorbells answered for reporting."""

import time

from celery import shared_task

from martechops.lib import clock
from reporting.actions import (
    archived_numbers,
    criterion_marks,
    criterion_values,
    health_looks,
    projection,
    readers,
    report_requests,
)

CRITERIA = "reporting.criteria"
ARMS = "reporting.arms"
FACTS = "reporting.facts"
HEALTH = "reporting.health"
REPORTS = "reporting.reports"
#: A turn of the worker; what is left waits for the next ring.
TURN_SECONDS = 1.0


@shared_task(name=FACTS)
def facts_task() -> None:
    """Make facts of what was written since the last ring, and keep numbers of what was archived."""
    end = time.monotonic() + TURN_SECONDS
    while projection.turn(at=clock.now()) and time.monotonic() < end:
        pass
    archived_numbers.keep_due(at=clock.now())


@shared_task(name=CRITERIA)
def criteria_task() -> None:
    """Count what the metrics of success criteria come to; first end what readers of the views left running."""
    readers.end_overdue()
    criterion_values.count(at=clock.now())


@shared_task(name=ARMS)
def arms_task() -> None:
    """Count metrics of success criteria for the arms of rollouts that are open."""
    criterion_marks.keep(at=clock.now())


@shared_task(name=HEALTH)
def health_task() -> None:
    """Look whether what happens is what is documented, where the last look is old enough."""
    health_looks.take(at=clock.now())


@shared_task(name=REPORTS)
def reports_task() -> None:
    """Make the reports that workflows ask for."""
    report_requests.answer(at=clock.now())
