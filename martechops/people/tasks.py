"""Tidying on a timer."""

from celery import shared_task

from martechops.people import limits


@shared_task(name="people.forget_unspent_limits")
def forget_unspent_limits() -> None:
    """Drop what no longer limits anybody, so that the table stays as small as the last few minutes."""
    limits.forget_unspent()
