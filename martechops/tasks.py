"""The platform's own task: its heartbeat."""

from celery import shared_task

from martechops.lib import pulse as pulses

BEAT = "beat"


@shared_task(name="martechops.pulse")
def pulse() -> None:
    """Note that beat, the broker and a worker are there; /readyz reads it."""
    pulses.note(BEAT)
