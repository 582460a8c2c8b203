"""The sandbox CRM: behaves as a vendor's would, with look-up by e-mail address and owners in turn."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from martechops.lib import clock

from .models import CrmRecord, CrmTask

#: The people that leads are given to in turn.
OWNERS = ("Noor Haddad", "Jonas Weber", "Priya Nair")


@transaction.atomic
def upsert_record(*, email: str, fields: Mapping[str, Any]) -> tuple[CrmRecord, bool]:
    """Create the record of this address, or update it; returns it and whether it is new."""
    at = clock.now()
    values = dict(fields)
    status, owner = values.pop("status", None), values.pop("owner", None)
    record, created = CrmRecord.objects.select_for_update().get_or_create(
        email=email,
        defaults={"fields": values, "status": status or "New", "created_at": at, "updated_at": at},
    )
    if created:
        record.owner = owner or OWNERS[record.pk % len(OWNERS)]
    else:
        record.fields = record.fields | values
        record.status, record.owner = status or record.status, owner or record.owner
        record.writes = record.writes + 1
        record.updated_at = at
    record.save()
    return record, created


@transaction.atomic
def create_task(*, key: uuid.UUID, email: str, queue: str, title: str, due_at: datetime | None) -> CrmTask:
    """A task on the record of this address; the same key again is answered from the first and counted."""
    known = CrmTask.objects.filter(key=key).select_related("record").first()
    if known:
        CrmTask.objects.filter(pk=known.pk).update(repeats=F("repeats") + 1)
        return known
    record, _ = upsert_record(email=email, fields={})
    return CrmTask.objects.create(
        key=key, record=record, queue=queue, title=title, due_at=due_at, created_at=clock.now()
    )


def has_task(*, key: uuid.UUID) -> bool:
    """Was a task taken under this key?"""
    return CrmTask.objects.filter(key=key).exists()
