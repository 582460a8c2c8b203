"""The sandbox CRM's records and tasks as people look for them."""

from django.db.models import Count, Q

from martechops.lib import windows
from martechops.sandbox.models import CrmChange, CrmRecord, CrmTask

#: Changes of one record that its page shows.
_SHOWN = 20


def records(*, search: str = "", before: str = "") -> windows.Window[CrmRecord]:
    """Records, last written first, each with the number of its tasks."""
    rows = CrmRecord.objects.annotate(task_count=Count("tasks"))
    if search:
        rows = rows.filter(Q(email__icontains=search) | Q(owner__icontains=search))
    return windows.by_instant(rows, field="updated_at", before=before)


def tasks(*, search: str = "", before: str = "") -> windows.Window[CrmTask]:
    """Tasks, newest first, with the record they are about."""
    rows = CrmTask.objects.select_related("record")
    if search:
        rows = rows.filter(Q(record__email__icontains=search) | Q(queue__icontains=search))
    return windows.by_instant(rows, field="created_at", before=before)


def open_tasks() -> int:
    """How many tasks nobody has done."""
    return CrmTask.objects.filter(done_at=None).count()


def found(record_id: int) -> CrmRecord | None:
    """One record."""
    return CrmRecord.objects.filter(pk=record_id).first()


def changes_of(record: CrmRecord) -> list[CrmChange]:
    """What became of a record lately, newest first."""
    return list(record.changes.order_by("-pk")[:_SHOWN])


def tasks_of(record: CrmRecord) -> list[CrmTask]:
    """What somebody is to do about a record, newest first."""
    return list(record.tasks.order_by("-pk")[:_SHOWN])
