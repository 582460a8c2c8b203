"""The sandbox CRM: records found by e-mail address, tasks that honour a key, a log of what people changed."""

import uuid
from datetime import datetime, timedelta

from martechops.sandbox import crm
from martechops.sandbox.models import CrmChange

from .base import Changes, Connector, Link, Receipt, RecordChange, Refused, Request

#: Entries of the log that one answer tells.
_PAGE = 200


class SandboxCrm(Connector):
    """Class B: records are upserted, tasks are kept under the request's key."""

    name = "Sandbox CRM"
    effect_class = "B"
    kinds = frozenset({"upsert_record", "create_task", "close_task"})
    local = True
    stand_in = "sandbox_crm"
    asked_every = timedelta(seconds=5)

    def perform(self, request: Request) -> Receipt:
        email = request.content.get("email")
        if not email:
            raise Refused("the CRM finds records by e-mail address, and there is none")
        if request.kind == "upsert_record":
            record, created = crm.upsert_record(
                email=email, fields=request.content["fields"], stays=request.content.get("stays"), key=request.key
            )
            return Receipt("created" if created else "updated", {"record": record.pk, "status": record.status})
        if request.kind == "close_task":
            closed = crm.close_task(key=uuid.UUID(request.content["task"]))
            return Receipt("task closed", {"task": closed.pk}) if closed else Receipt("there was no such task", {})
        due = request.content.get("due_at")
        task = crm.create_task(
            key=request.key,
            email=email,
            queue=request.content["queue"],
            title=request.content["title"],
            due_at=datetime.fromisoformat(due) if due else None,
        )
        return Receipt("task created", {"task": task.pk, "record": task.record_id, "owner": task.record.owner})

    def probe(self, request: Request) -> bool | None:
        """Tasks are kept under their key; an upsert leaves nothing that would tell."""
        return crm.has_task(key=request.key) if request.kind == "create_task" else None

    def changes(self, link: Link, *, since: str) -> Changes:
        """The cursor is the number of the last entry of the log that was told."""
        del link
        page = crm.changes(since=int(since or 0), limit=_PAGE)
        cursor = str(page[-1].pk) if page else since
        return Changes([one for entry in page for one in _told(entry)], cursor, more=len(page) == _PAGE)


def _told(entry: CrmChange) -> list[RecordChange]:
    return [
        RecordChange(
            id=f"crm-change-{entry.pk}-{name}",
            object="lead",
            record_id=str(entry.record_id),
            email=entry.record.email,
            field=name,
            old=old,
            new=new,
            changed_at=entry.at,
            by=entry.by,
            key=entry.key,
        )
        for name, (old, new) in entry.fields.items()
    ]
