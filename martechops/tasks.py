"""The platform's own task: its heartbeat."""

from celery import shared_task
from django.db import connection

BEAT = "beat"


@shared_task(name="martechops.pulse")
def pulse() -> None:
    """Note that beat, the broker and a worker are there; /readyz reads it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO martechops_pulse (name, at) VALUES (%s, clock_timestamp()) "
            "ON CONFLICT (name) DO UPDATE SET at = excluded.at",
            [BEAT],
        )
