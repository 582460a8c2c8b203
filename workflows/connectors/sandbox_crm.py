"""The sandbox CRM: records found by e-mail address, tasks that honour a key."""

from datetime import datetime

from martechops.sandbox import crm

from .base import Connector, Receipt, Refused, Request


class SandboxCrm(Connector):
    """Class B: records are upserted, tasks are kept under the request's key."""

    name = "Sandbox CRM"
    effect_class = "B"
    kinds = frozenset({"upsert_record", "create_task"})
    local = True
    stand_in = "sandbox_crm"

    def perform(self, request: Request) -> Receipt:
        email = request.content.get("email")
        if not email:
            raise Refused("the CRM finds records by e-mail address, and there is none")
        if request.kind == "upsert_record":
            record, created = crm.upsert_record(email=email, fields=request.content["fields"])
            return Receipt("created" if created else "updated", {"record": record.pk, "status": record.status})
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
