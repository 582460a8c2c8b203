"""People, how they are recognised, and the history of what is known about them."""

from django.db import models

from martechops.lib.columns import JsonText


class Contact(models.Model):
    """A person. Known keys and fields that rules read often are columns, the catalog's other fields one document.

    Personal data: e-mail address, fields. Changed by the runtime only; each change leaves a FieldChange.
    """

    id = models.BigAutoField(primary_key=True)
    email = models.TextField(null=True, blank=True)
    lifecycle_stage = models.TextField(null=True, blank=True)
    #: Points as they stood at `scored_at`; what is left of them at another instant is asked of
    #: `workflows.queries.scores` in SQL and of `workflows.engine.scoring` in Python.
    score = models.FloatField(default=0)
    #: Null: there were never any points.
    scored_at = models.DateTimeField(null=True)
    #: Folded from the ledger by event time: {"email": {"state": "granted", "at": "2026-11-01T09:00:00+00:00"}}.
    consent = models.JSONField(default=dict)
    fields = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-updated_at", "-id"]
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="contact_newest"),  # contacts page: last changed first
        ]

    def __str__(self) -> str:
        return f"contact {self.pk}"


class ContactKey(models.Model):
    """One thing a contact is recognised by, such as `email:ana@example.com` or `user:42` (requirement D6)."""

    key = models.TextField(primary_key=True)
    contact_id = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"key of contact {self.contact_id}"


class ContactChange(models.Model):
    """What one cause changed of one contact, all its fields in one row. Append-only. Personal data: the values.

    Written by `workflows.actions.field_changes` alone; read one by one as `FieldChange`. Why not a row a field, as it
    was? An event changes eight, and seven more rows with two index entries each were a quarter of what it cost to
    store. No field is twice in a row.
    """

    #: The number of its first change; the sequence leaves room for as many as a row can hold.
    id = models.BigAutoField(primary_key=True)
    contact_id = models.BigIntegerField()
    event_id = models.BigIntegerField(null=True)
    #: The run whose steps made those changes that name a step.
    run_id = models.BigIntegerField(null=True)
    #: When it was written.
    at = models.DateTimeField()
    #: Which of the changes is that of the lifecycle stage, counted from 0; null: none is.
    stage_at = models.SmallIntegerField(null=True)
    #: The key of the system the values came from, or of the workflow that set them.
    writer = models.TextField()
    #: JSON: of each change [field], then its writer where it is another than the row's, then its step, if a run's made
    #: it. What says so little in so few ways is apart from the values, so that rows are counted by it as they are.
    shape = models.TextField()
    #: Of each change what was there before and what came, one after the other.
    pairs = JsonText()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["contact_id", "id"], name="contact_change_contact")]  # a contact's history

    def __str__(self) -> str:
        return f"changes {self.pk} of contact {self.contact_id}"


class FieldChange(models.Model):
    """One field of one contact changed: who wrote it, and because of what. A view of `ContactChange`, to be read only.

    What is asked of one contact goes along its index; who asks about all contacts names `row_id`, by which rows are
    found, or looks at `ContactChange` itself, which knows where the lifecycle stage stands.
    """

    id = models.BigAutoField(primary_key=True)
    #: The row that it is in.
    row_id = models.BigIntegerField(null=True)
    contact_id = models.BigIntegerField()
    #: When it was written.
    at = models.DateTimeField()
    field = models.TextField()
    old = JsonText(null=True)
    new = JsonText(null=True)
    #: The key of the system the value came from, or of the workflow that set it.
    writer = models.TextField()
    event_id = models.BigIntegerField(null=True)
    run_id = models.BigIntegerField(null=True)
    #: The step that set it, if a run did.
    step = models.TextField(blank=True)

    class Meta:
        managed = False
        ordering = ["-row_id", "-id"]

    def __str__(self) -> str:
        return f"{self.field} of contact {self.contact_id}"


class ConsentEntry(models.Model):
    """One statement of consent or its withdrawal, as received. Append-only ledger (FAULTS S16)."""

    id = models.BigAutoField(primary_key=True)
    contact_id = models.BigIntegerField()
    channel = models.TextField()
    purpose = models.TextField(default="marketing")
    #: granted or denied.
    state = models.TextField()
    #: When the person said so, by event time: the latest counts, in whatever order they arrive.
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    event_id = models.BigIntegerField(null=True)
    #: Which wording the person agreed to, where the form says so.
    text_version = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "consent entries"
        indexes = [
            models.Index(fields=["contact_id", "id"], name="consent_contact"),  # contact page: the ledger
            # gates of a rollout: who left since it began
            models.Index(fields=["recorded_at"], condition=models.Q(state="denied"), name="consent_left"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state} of contact {self.contact_id}"
