"""The sandbox CRM: behaves as a vendor's would, with look-up by e-mail address, owners in turn and a log of changes."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from martechops.lib import clock

from .models import CrmChange, CrmRecord, CrmTask

#: The people that leads are given to in turn.
OWNERS = ("Noor Haddad", "Jonas Weber", "Priya Nair")
#: Where a lead may stand, as this CRM's people choose it from a list.
STATUSES = (
    "New",
    "Open",
    "Attempted to contact",
    "Marketing qualified",
    "Sales qualified",
    "Working",
    "Opportunity",
    "Customer",
    "Disqualified",
)
#: Fields that every record can be given by hand.
FIELDS = ("first_name", "last_name", "company", "company_size", "job_title", "country", "campaign", "next_step")
#: Fields of a record that are columns of their own.
_COLUMNS = ("status", "owner")
#: Lock of the log: shared by who appends to it, alone for who reads on.
_LOG_LOCK = 7401


@transaction.atomic
def upsert_record(
    *,
    email: str,
    fields: Mapping[str, Any],
    stays: Mapping[str, Collection[str]] | None = None,
    key: uuid.UUID | None = None,
    at: datetime | None = None,
) -> tuple[CrmRecord, bool]:
    """Create the record of this address, or update it; returns it and whether it is new.

    A field that has one of the values in `stays` keeps it.
    """
    at = at or clock.now()
    record, created = CrmRecord.objects.select_for_update().get_or_create(
        email=email, defaults={"created_at": at, "updated_at": at}
    )
    before = {} if created else _values(record)
    kept = {name for name, values in (stays or {}).items() if before.get(name) in values}
    given = {name: value for name, value in fields.items() if name not in kept and (value or name not in _COLUMNS)}
    _give(record, given)
    if created:
        record.status = record.status or "New"
        record.owner = record.owner or OWNERS[record.pk % len(OWNERS)]
    else:
        record.writes = record.writes + 1
        record.updated_at = at
    record.save()
    _log(record, before, by="", key=key, at=at)
    return record, created


@transaction.atomic
def edit_record(*, record_id: int, values: Mapping[str, Any], by: str, at: datetime) -> CrmRecord:
    """What a salesperson does by hand. Raises CrmRecord.DoesNotExist."""
    record = CrmRecord.objects.select_for_update().get(pk=record_id)
    before = _values(record)
    _give(record, values)
    if _values(record) != before:
        record.updated_at = at
        record.save()
        _log(record, before, by=by, key=None, at=at)
    return record


@transaction.atomic
def changes(*, since: int, limit: int) -> Sequence[CrmChange]:
    """What changed after the change of that number, oldest first.

    A number is taken before its row is committed, so a reader could see 8, remember it, and never see 7. Whoever
    appends therefore holds the log's lock together with others, and a reader waits until nobody does.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_LOG_LOCK])
    return list(CrmChange.objects.select_related("record").filter(pk__gt=since).order_by("pk")[:limit])


@transaction.atomic
def create_task(*, key: uuid.UUID, email: str, queue: str, title: str, due_at: datetime | None) -> CrmTask:
    """A task on the record of this address; the same key again is answered from the first and counted."""
    known = CrmTask.objects.filter(key=key).select_related("record").first()
    if known:
        CrmTask.objects.filter(pk=known.pk).update(repeats=F("repeats") + 1)
        return known
    record, _ = upsert_record(email=email, fields={}, key=key)
    return CrmTask.objects.create(
        key=key, record=record, queue=queue, title=title, due_at=due_at, created_at=clock.now()
    )


@transaction.atomic
def close_task(*, key: uuid.UUID, at: datetime | None = None) -> CrmTask | None:
    """The task that was taken under this key is done with, whoever did it; None if there is none."""
    task = CrmTask.objects.select_for_update().filter(key=key).first()
    if task is not None and task.done_at is None:
        task.done_at = at or clock.now()
        task.save()
    return task


def has_task(*, key: uuid.UUID) -> bool:
    """Was a task taken under this key?"""
    return CrmTask.objects.filter(key=key).exists()


def _values(record: CrmRecord) -> dict[str, Any]:
    return {**record.fields, "status": record.status, "owner": record.owner}


def _give(record: CrmRecord, values: Mapping[str, Any]) -> None:
    for name in _COLUMNS:
        if name in values:
            setattr(record, name, values[name])
    record.fields = record.fields | {name: value for name, value in values.items() if name not in _COLUMNS}


def _log(record: CrmRecord, before: Mapping[str, Any], *, by: str, key: uuid.UUID | None, at: datetime) -> None:
    """One entry with every field that is another now."""
    now = _values(record)
    changed = {name: [before.get(name), value] for name, value in now.items() if before.get(name) != value}
    if not changed:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, 0)", [_LOG_LOCK])
    CrmChange.objects.create(record=record, at=at, by=by, key=key, fields=changed)
