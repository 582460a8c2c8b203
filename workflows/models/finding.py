"""What data-quality and reporting steps find out or ask for."""

from django.conf import settings
from django.db import models

from martechops.lib.columns import JsonText


class DuplicateFinding(models.Model):
    """Two contacts that may be one person, and by which fields. Found by a step; decided by a person or left.

    Personal data: the values in `by`.
    """

    class State(models.TextChoices):
        FOUND = "found", "Found"
        PROPOSED = "proposed", "Merge proposed"
        MERGED = "merged", "Merged"
        DISMISSED = "dismissed", "Two people"

    id = models.BigAutoField(primary_key=True)
    #: The older of the two, which would be kept.
    contact_id = models.BigIntegerField()
    other_id = models.BigIntegerField()
    #: Field → the value that both have.
    by = JsonText(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.FOUND)
    run_id = models.BigIntegerField(null=True)
    found_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["contact_id", "other_id"], name="duplicate_finding_once"),
            models.CheckConstraint(
                condition=models.Q(contact_id__lt=models.F("other_id")), name="duplicate_older_first"
            ),
        ]
        indexes = [
            models.Index(fields=["other_id"], name="duplicate_finding_other"),  # contact page: who else it may be
        ]

    def __str__(self) -> str:
        return f"contact {self.contact_id} and contact {self.other_id}"


class ReportRequest(models.Model):
    """Something a step asks of reporting: refresh, verify or send out. Taken and answered by reporting itself."""

    class State(models.TextChoices):
        ASKED = "asked", "Asked"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    id = models.BigAutoField(primary_key=True)
    #: From run and step, so that a repeat is the same request.
    key = models.UUIDField(unique=True)
    run_id = models.BigIntegerField()
    workflow_id = models.BigIntegerField()
    step = models.TextField()
    #: refresh_reports, verify_definitions or distribute_report.
    kind = models.TextField()
    arguments = JsonText(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.ASKED)
    outcome = JsonText(null=True)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # reporting: what is to be done, oldest first
            models.Index(fields=["id"], condition=models.Q(state="asked"), name="report_request_open"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
