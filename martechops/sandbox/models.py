"""Far sides of our own: a CRM and a mailbox that stand in for the outside while outbound is in sandbox mode.

The rest of the product reaches them only through a connector, as it would reach a vendor.
"""

from django.db import models

from martechops.lib.columns import JsonText


class CrmRecord(models.Model):
    """A lead as the sandbox CRM keeps it; found by e-mail address. Personal data: all of it."""

    email = models.TextField(unique=True)
    #: The CRM's own words for where the lead stands; lifecycle stages map to them.
    status = models.TextField(blank=True)
    fields = models.JSONField(default=dict)
    owner = models.TextField(blank=True)
    #: How many writes reached this record.
    writes = models.IntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-updated_at", "-id"]
        verbose_name = "CRM record"

    def __str__(self) -> str:
        return f"CRM record {self.pk}"


class CrmTask(models.Model):
    """Something a salesperson is asked to do. Personal data: the title may hold a name."""

    #: The caller's idempotency key: the same key twice is one task.
    key = models.UUIDField(unique=True)
    record = models.ForeignKey(CrmRecord, on_delete=models.CASCADE, related_name="tasks")
    queue = models.TextField()
    title = models.TextField()
    due_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    #: How often the same key came again and was answered from this row.
    repeats = models.IntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = "CRM task"

    def __str__(self) -> str:
        return f"CRM task {self.pk}"


class CrmChange(models.Model):
    """Somebody changed a record: the log that a vendor's CRM lets its customers read. Append-only.

    Numbered in the order in which changes become visible (see `crm.changes`): who reads on from the last number misses
    none. Personal data: the values.
    """

    id = models.BigAutoField(primary_key=True)
    record = models.ForeignKey(CrmRecord, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    #: A person by name; empty for a request of an interface.
    by = models.TextField(blank=True)
    #: The caller's idempotency key, where a request did it.
    key = models.UUIDField(null=True)
    #: Field → [from, to]; `status` and `owner` are fields like the others.
    fields = JsonText()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["record", "-id"], name="crm_change_record")]  # record page: what became of it
        verbose_name = "CRM change"

    def __str__(self) -> str:
        return f"change {self.pk} of CRM record {self.record_id}"


class MailboxMessage(models.Model):
    """A message that was sent, captured instead of leaving. Personal data: all of it."""

    #: The caller's idempotency key: the same key twice is one message.
    key = models.UUIDField(unique=True)
    to = models.TextField()
    sender = models.TextField()
    subject = models.TextField()
    text = models.TextField()
    html = models.TextField(blank=True)
    headers = JsonText(default=dict)
    #: How often the same key came again and was answered from this row.
    repeats = models.IntegerField(default=0)
    sent_at = models.DateTimeField()

    class Meta:
        ordering = ["-sent_at", "-id"]
        indexes = [
            models.Index(fields=["to"], name="mailbox_to"),  # mailbox page: messages to one address
            models.Index(fields=["-sent_at", "-id"], name="mailbox_newest"),  # mailbox page: newest first
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"
