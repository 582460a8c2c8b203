"""Doorbells answered for launches."""

from celery import shared_task

from campaigns.actions import approval_chores, staleness
from campaigns.runtime import checking, letters, visits
from martechops.lib import clock

APPROVALS = "campaigns.approvals"
CHECKS = "campaigns.checks"


@shared_task(name=APPROVALS)
def approvals_task() -> None:
    """Say what is stale, over, or due, and send the letters about it."""
    at = clock.now()
    staleness.sweep(at=at)
    approval_chores.keep(at=at)
    letters.deliver(at=at)


@shared_task(name=CHECKS)
def checks_task() -> None:
    """Visit addresses of launches, and check again what changed."""
    visits.keep()
    checking.keep(at=clock.now())
