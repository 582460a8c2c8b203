"""How long rows of a kind are kept, and what each night's run removed."""

from django.db import models


class RetentionPolicy(models.Model):
    """How long rows of one kind (`workflows.queries.retention`) are kept; a kind without a row is kept for ever.

    Written by an admin, which the audit log tells, and by each run, which notes how far it came. No personal data.
    """

    kind = models.SlugField(primary_key=True)
    #: Empty: for ever.
    keep_days = models.PositiveIntegerField(null=True, blank=True)
    changed_at = models.DateTimeField()
    #: What is older has been looked at: the next run goes on from there. Empty: it begins with the oldest.
    cleared_before = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["kind"]
        verbose_name_plural = "retention policies"

    def __str__(self) -> str:
        return f"{self.kind}: {'for ever' if self.keep_days is None else f'{self.keep_days} days'}"


class RetentionRun(models.Model):
    """One time that what is too old was removed, a batch at a time; unfinished until `ended_at`. No personal data."""

    id = models.BigAutoField(primary_key=True)
    #: The day of the workspace's calendar whose run it is, so that there is one; empty: begun by hand.
    night = models.DateField(null=True, unique=True)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    #: Kind → how many rows, so far.
    removed = models.JSONField(default=dict)
    #: Kinds that it is through with.
    done = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # runtime.retention: the run that is not over
            models.Index(fields=["id"], condition=models.Q(ended_at=None), name="retention_run_open"),
        ]

    def __str__(self) -> str:
        return f"retention run {self.pk}"
