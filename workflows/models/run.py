"""One subject going through one version, the timers it waits on, and the record of why."""

from typing import Any

from django.db import models

from martechops.lib.columns import JsonText
from workflows.engine import explain
from workflows.engine.internal import awaited_words


class Run(models.Model):
    """One subject going through one version: a contact, a content item, or (both empty) the workspace itself.

    Pinned to the version it entered, unless a `Move` takes it to another. Why two columns and not one generic pair?
    Nearly every question is about contacts, and its index stays as narrow as it was.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"
        FAILED = "failed", "Failed"

    id = models.BigAutoField(primary_key=True)
    workflow_id = models.BigIntegerField()
    version_id = models.BigIntegerField()
    contact_id = models.BigIntegerField(null=True)
    content_id = models.BigIntegerField(null=True)
    #: Subject and ordinal of the entry, such as `contact:7#1`: the same entry cannot happen twice.
    entry_key = models.TextField()
    state = models.CharField(max_length=10, choices=State)
    #: The key of the step it waits at, or ended at.
    step = models.TextField(blank=True)
    #: The event that would wake it before its timer.
    waits_for = models.TextField(blank=True)
    #: Why it stopped or failed, in words.
    reason = models.TextField(blank=True)
    event_id = models.BigIntegerField(null=True)
    entered_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    #: When it was taken to the version that it is on from the one that it entered (`RunMove` says how); mostly null.
    moved_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["workflow_id", "entry_key"], name="run_entry_once")]
        indexes = [
            models.Index(fields=["contact_id", "workflow_id"], name="run_contact"),  # runtime.load: a contact's runs
            models.Index(fields=["workflow_id", "state"], name="run_workflow_state"),  # people in flight per workflow
            # runs page, Today: what went wrong or was stopped, newest first, however many went well
            models.Index(
                fields=["state", "-id"], condition=models.Q(state__in=["failed", "stopped"]), name="run_ended_otherwise"
            ),
            # runtime.subjects, content page: runs of a content item
            models.Index(fields=["content_id"], condition=models.Q(content_id__isnull=False), name="run_content"),
            # runtime.subjects: earlier runs of a workflow about the workspace
            models.Index(
                fields=["workflow_id", "id"],
                condition=models.Q(contact_id=None, content_id=None),
                name="run_workspace",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def awaits(self) -> str:
        """The event that would wake it, in words."""
        return awaited_words(self.waits_for)


class Timer(models.Model):
    """A run that is to go on at an instant: claimed and deleted in the transaction that moves the run."""

    run_id = models.BigIntegerField(primary_key=True)
    contact_id = models.BigIntegerField(null=True)
    content_id = models.BigIntegerField(null=True)
    due_at = models.DateTimeField()
    #: Failed tries so far; after five the run fails visibly.
    tries = models.SmallIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="timer_due"),  # runtime.claim: due first
            models.Index(fields=["run_id"], condition=models.Q(tries__gt=0), name="timer_suspect"),  # runtime.setbacks
        ]

    def __str__(self) -> str:
        return f"timer of run {self.run_id}"


class TraceText(JsonText):
    """The document of a trace, with the names that are left out where it is kept."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        value = super().from_db_value(value, expression, connection)
        return explain.told(value) if isinstance(value, dict) else value

    def deconstruct(self) -> Any:
        """To migrations it is the column that it is."""
        name, _, args, kwargs = super().deconstruct()
        return name, f"{JsonText.__module__}.{JsonText.__qualname__}", args, kwargs


class Trace(models.Model):
    """What one cause (an event, a timer) led to for one subject, with the values that decided it. Append-only.

    `detail` is the document that `workflows.engine.explain` describes: what the event changed, then for each workflow
    whether it was entered and why, and for each step what was decided. Personal data: the values.
    """

    id = models.BigAutoField(primary_key=True)
    contact_id = models.BigIntegerField(null=True)
    content_id = models.BigIntegerField(null=True)
    event_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    detail = TraceText()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["contact_id", "id"], name="trace_contact"),  # contact timeline, run page
            models.Index(fields=["event_id"], name="trace_event"),  # event page: what came of it
            # content page: its story
            models.Index(
                fields=["content_id", "id"], condition=models.Q(content_id__isnull=False), name="trace_content"
            ),
        ]

    def __str__(self) -> str:
        return f"trace {self.pk}"


class Conversion(models.Model):
    """A goal reached by a contact, counted once. Raw row of the reporting views (requirement H5)."""

    id = models.BigAutoField(primary_key=True)
    #: From run and step, so that a repeat counts once.
    key = models.UUIDField(unique=True)
    name = models.TextField()
    contact_id = models.BigIntegerField(null=True)
    workflow_id = models.BigIntegerField()
    run_id = models.BigIntegerField()
    #: `utm_campaign` of the event that began the run; empty where it carried none.
    campaign = models.TextField(blank=True)
    #: What it is worth, where the step says so.
    value = models.FloatField(null=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["campaign", "at"], name="conversion_campaign"),  # results by campaign
            models.Index(fields=["workflow_id", "at"], name="conversion_workflow"),  # gates of a rollout
        ]

    def __str__(self) -> str:
        return f"conversion {self.pk}"
