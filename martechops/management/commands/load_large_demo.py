"""`manage.py load_large_demo`: a workspace that has been in use for a quarter, in minutes."""

import random
import time
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from campaigns.demo import workspace
from martechops.bench import copies, stories
from martechops.lib import clock
from workflows.models import Contact, InboundEvent, Source

#: People of the month that is copied.
A_MONTHS_PEOPLE = 400
#: The first copy begins so long ago; the last one ends today.
DAYS = 90


class Command(BaseCommand):
    help = "Fill an empty workspace with contacts, events, runs, traces and effects of the last 90 days, by COPY."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--contacts", type=int, default=500_000)
        parser.add_argument("--events", type=int, default=5_000_000)
        parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same people (default 1)")

    def handle(self, *args: Any, contacts: int, events: int, seed: int, **options: Any) -> None:
        self._check(contacts, events)
        started = time.monotonic()
        people = min(A_MONTHS_PEOPLE, contacts)
        number = max(1, round(contacts / people))
        begins = (clock.now() - timedelta(days=DAYS)).astimezone(UTC)
        with transaction.atomic():
            self._live_a_month(people, max(people, round(events / number)), seed, begins)
        month = copies.read()
        self._say(f"{people} people lived through a month: {month.rows:,} rows ({time.monotonic() - started:.0f} s)")
        last = DAYS - stories.DAYS - stories.AFTERWARDS
        chance = random.Random(seed)  # noqa: S311 - the same for the same seed
        days = sorted(chance.randint(0, last) for _ in range(number - 1))
        copies.write(month, days=days, told=lambda done: self._tell(done + 1, number, month.rows, started))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        found = f"{Contact.objects.count():,} contacts, {InboundEvent.objects.count():,} events"
        self._say(f"{found}, {month.rows * number:,} rows in all, in {time.monotonic() - started:.0f} s")

    def _check(self, contacts: int, events: int) -> None:
        if contacts < 1 or events < contacts:
            raise CommandError("There must be at least one contact, and an event for each.")
        if Contact.objects.exists() or InboundEvent.objects.exists():
            raise CommandError(
                "This workspace has contacts or events already, and what is made up must not be mixed with them. "
                "Use an empty one: set MARTECHOPS_HOME to a new folder and start it with `up --empty`."
            )

    def _live_a_month(self, people: int, events: int, seed: int, begins: datetime) -> None:
        """In one transaction, so that no worker meets these events on today's clock."""
        if not workspace.is_loaded():
            workspace.load(at=clock.now())
        source = Source.objects.order_by("pk").first()
        if source is None:
            raise CommandError("This workspace has no source that events could come from.")
        happenings = stories.of_a_month(people=people, events=events, seed=seed, begins=begins)
        stories.live_through(happenings, source=source, begins=begins)

    def _tell(self, done: int, number: int, rows: int, started: float) -> None:
        seconds = time.monotonic() - started
        left = seconds / done * (number - done)
        self._say(f"{done / number:4.0%}  {done * rows:,} rows, {seconds:.0f} s, about {left:.0f} s to go")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
