"""Doorbells answered for launches."""

import time

from celery import shared_task

from campaigns.actions import approval_chores, criteria, repairs, rollout_ticks, staleness
from campaigns.runtime import chat, checking, letters, starts, visits
from martechops.lib import clock, wake

APPROVALS = "campaigns.approvals"
CHECKS = "campaigns.checks"
ROLLOUTS = "campaigns.rollouts"
CRITERIA = "campaigns.criteria"
STARTS = "campaigns.starts"


@shared_task(name=APPROVALS)
def approvals_task() -> None:
    """Say what is stale, over, or due, and send the letters about it."""
    at = clock.now()
    staleness.sweep(at=at)
    approval_chores.keep(at=at)
    letters.deliver(at=at)
    chat.deliver(at=at)


@shared_task(name=repairs.DOORBELL)
def repairs_task() -> None:
    """List what versions did that were rolled back, and put right what was confirmed; each turn takes a second."""
    end = time.monotonic() + 1.0
    while repairs.carry_on(at=clock.now()):
        if time.monotonic() > end:
            wake.ring(repairs.DOORBELL)
            return


@shared_task(name=STARTS)
def starts_task() -> None:
    """Start and end the campaigns whose hour has come."""
    starts.keep(at=clock.now())


@shared_task(name=CHECKS)
def checks_task() -> None:
    """Visit addresses of launches, and check again what changed."""
    visits.keep()
    checking.keep(at=clock.now())


@shared_task(name=CRITERIA)
def criteria_task() -> None:
    """Measure success criteria; what is left waits for the next ring."""
    criteria.tick(at=clock.now())


@shared_task(name=ROLLOUTS)
def rollouts_task() -> None:
    """Look at every open rollout, and take the step that is due."""
    rollout_ticks.tick(at=clock.now())
