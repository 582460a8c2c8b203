from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from campaigns.demo import past
from martechops.lib import clock
from martechops.sandbox.models import CrmChange, CrmRecord, CrmTask, MailboxMessage
from workflows.actions import inbound
from workflows.models import Effect, InboundEvent, Source
from workflows.queries import sources
from workflows.runtime.advance import advance
from workflows.runtime.deliver import deliver

#: The clock goes on by so much where nothing comes: what waits ends not much later than it should.
_TURN = timedelta(hours=12)


class Command(BaseCommand):
    help = (
        "Give the demo the weeks before today: made-up leads, handled by the engine on the clock of those days. "
        "Only where nothing has come yet."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        del args, options
        source = sources.to_send_as(None)
        if source is None:
            raise CommandError("There is no source that is on. Load the demo first: manage.py load_demo")
        if InboundEvent.objects.exists():
            self.stdout.write("Events have come already: the past was left as it is.")
            return
        with transaction.atomic():  # no worker meets these events on today's clock
            count = _live(source, until=clock.now())
            _date()
        self.stdout.write(f"{count:,} messages of the last {past.DAYS} days were handled.")


def _live(source: Source, *, until: datetime) -> int:
    count = 0
    for at, happening in _clock(until):
        if happening is not None:
            inbound.receive(source=source, messages=[happening.body], received_at=at, sent_at=None)
            count += 1
        while advance(at=at) or deliver(at=at):
            pass
    return count


def _date() -> None:
    """What was done ended when it was due: leases and far sides know no clock but that of today."""
    effects, records, changes = (model._meta.db_table for model in (Effect, CrmRecord, CrmChange))
    done = "greatest(e.planned_at, e.not_before) + interval '1 second'"
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {effects} e SET reserved_at = {done}, ended_at = {done} WHERE ended_at IS NOT NULL")  # noqa: S608
        for model, column in ((MailboxMessage, "sent_at"), (CrmTask, "created_at"), (CrmChange, "at")):
            table = model._meta.db_table
            cursor.execute(f"UPDATE {table} r SET {column} = e.ended_at FROM {effects} e WHERE e.key = r.key")  # noqa: S608
        cursor.execute(
            f"""
            UPDATE {records} r SET created_at = c.first, updated_at = c.last
            FROM (SELECT record_id, min(at) AS first, max(at) AS last FROM {changes} GROUP BY 1) c
            WHERE c.record_id = r.id
            """  # noqa: S608
        )


def _clock(until: datetime) -> Iterator[tuple[datetime, past.Happening | None]]:
    """Each instant at which something comes, and turns in between for what waits."""
    last = until - timedelta(days=past.DAYS)
    for happening in past.happenings(until=until, seed=2):
        while last + _TURN < happening.at:
            last += _TURN
            yield last, None
        last = happening.at
        yield last, happening
