"""A file of people, part by part: first every row is checked, then those that are good become events.

A part is one transaction with the import's own counts, so a killed worker leaves nothing half done and nothing twice.
Events of imports wait while live ones are many: a hundred thousand rows may not stand before somebody's demo request.
"""

from collections import Counter

from django.db import connection, transaction

from martechops.lib import bulk
from workflows.actions import inbound
from workflows.engine import tables
from workflows.engine.mapping import BadMapping
from workflows.models import Import, ImportPart, ImportRefusal, QueuedEvent
from workflows.queries import imports

from .claim import database_now

#: No more rows are taken in while so many events wait.
MOST_WAITING = 4_000

_CHECKED, _TAKEN = 1, 2


def pass_part() -> int:
    """Pass the next part of the oldest import that is being checked or taken; how many rows, 0 if there is nothing."""
    with transaction.atomic():
        active = Import.objects.filter(state__in=[Import.State.CHECKING, Import.State.RUNNING])
        one = active.select_for_update(skip_locked=True, of=("self",)).select_related("source").order_by("id").first()
        if one is None or (one.state == Import.State.RUNNING and _is_busy()):
            return 0
        number = _CHECKED if one.state == Import.State.CHECKING else _TAKEN
        part = one.parts.filter(passed__lt=number).order_by("number").first()
        if part is None:
            _finish(one)
            return 0
        rows = imports.rows_of(part.rows)
        if number == _CHECKED:
            _check(one, rows)
        else:
            _take(one, rows)
        one.rows_passed += len(rows)
        ImportPart.objects.filter(pk=part.pk).update(passed=number)
        if not one.parts.filter(passed__lt=number).exists():
            _finish(one)
        one.save()
        return len(rows)


def _is_busy() -> bool:
    return QueuedEvent.objects.order_by("event_id")[MOST_WAITING : MOST_WAITING + 1].exists()


def _finish(one: Import) -> None:
    """The pass is over: to the person who decides, or to the end, where the rows are no longer needed."""
    if one.state == Import.State.CHECKING:
        one.state = Import.State.CHECKED
    else:
        one.state, one.ended_at = Import.State.DONE, database_now()
        one.parts.all().delete()
    one.save()


def _check(one: Import, rows: list[tables.Row]) -> None:
    """Count what the rows would do, and keep those that cannot be taken with the reasons."""
    found = _read(one, rows)
    good = [read for read in found if not read.problems]
    known = imports.known_keys(key for read in good for key in read.keys)
    counts = Counter(one.found)
    counts["good"] += len(good)
    counts["known"] += sum(1 for read in good if known.intersection(read.keys))
    one.found = dict(counts)
    _refuse(one, rows, {read.line: read.problems for read in found if read.problems})


def _take(one: Import, rows: list[tables.Row]) -> None:
    good = [read for read in _read(one, rows) if not read.problems]
    messages = [tables.message(read.values, user_id=read.user_id) for read in good]
    receipt = inbound.receive(source=one.source, messages=messages, received_at=database_now(), sent_at=None)
    one.stored += receipt.stored
    one.repeated += receipt.repeated + receipt.conflicts
    _refuse(one, rows, {good[refused.index].line: (refused.reason,) for refused in receipt.refused})


def _read(one: Import, rows: list[tables.Row]) -> list[tables.Read]:
    try:
        reading = imports.reading_of(one)
    except BadMapping as error:
        return [tables.Read(row.line, {}, "", (str(error),)) for row in rows]
    return [tables.read(row, reading) for row in rows]


def _refuse(one: Import, rows: list[tables.Row], reasons: dict[int, tuple[str, ...]]) -> None:
    cells = {row.line: row.cells for row in rows}
    refused = [
        (one.pk, line, bulk.Json(list(said)), bulk.Json(dict(cells[line]))) for line, said in sorted(reasons.items())
    ]
    with connection.cursor() as cursor:
        columns = ("owner_id", "line", "reasons", "cells")
        bulk.copy_rows(cursor, ImportRefusal._meta.db_table, columns, refused)
    one.refused += len(refused)
