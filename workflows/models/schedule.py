"""Workflows that begin by the calendar."""

from django.db import models


class Schedule(models.Model):
    """When a live workflow begins next by its cron expression. Kept by the runtime, from the live version.

    A tick is an event whose message id names workflow and instant, so it cannot be counted twice.
    """

    workflow_id = models.BigIntegerField(primary_key=True)
    #: Expression and zone that `next_at` was worked out from: another one is worked out anew.
    written = models.TextField()
    next_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="schedule_next")]  # runtime.schedules: due first

    def __str__(self) -> str:
        return f"schedule of workflow {self.workflow_id}"


class Tick(models.Model):
    """A tick that is being given to its subjects, a slice a transaction; deleted when all have it.

    `after_id` is the last subject that has it: whoever goes on begins behind it.
    """

    id = models.BigAutoField(primary_key=True)
    workflow_id = models.BigIntegerField()
    due_at = models.DateTimeField()
    #: The first tick before it that nobody was there for; those are not made up for.
    missed_since = models.DateTimeField(null=True)
    after_id = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workflow_id", "due_at"], name="tick_once")]

    def __str__(self) -> str:
        return f"tick of workflow {self.workflow_id}"
