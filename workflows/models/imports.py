"""Files of people that are taken in, part by part."""

from django.conf import settings
from django.db import models

from martechops.lib.columns import JsonText

from .event import Source


class Import(models.Model):
    """One file on its way in: read, checked, taken. What it brings goes through the same door as any event.

    No personal data but the file's name; the rows are in its parts until it is over.
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded", "Columns to choose"
        CHECKING = "checking", "Being checked"
        CHECKED = "checked", "Checked"
        RUNNING = "running", "Being taken in"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    id = models.BigAutoField(primary_key=True)
    file_name = models.CharField(max_length=255)
    size_bytes = models.BigIntegerField()
    encoding = models.CharField(max_length=20)
    delimiter = models.CharField(max_length=1)
    #: In the file's order: [{"heading": "First name", "key": "first_name"}].
    columns = models.JSONField()
    #: What each column is: {"first_name": {"to": "first_name", "as": "trim"}}; left out if it is not here.
    choices = models.JSONField(default=dict)
    #: Its system says which fields it may write; its mapping is made from the choices when it starts.
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="imports")
    state = models.CharField(max_length=10, choices=State, default=State.UPLOADED)
    rows = models.IntegerField(default=0)
    #: Rows of parts that the present pass is through with.
    rows_passed = models.IntegerField(default=0)
    #: What the check found: rows that are good, and of these those whose person is known: {"good": …, "known": …}.
    found = models.JSONField(default=dict)
    stored = models.IntegerField(default=0)
    repeated = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # runtime.importing: what there is to do
            models.Index(fields=["id"], condition=models.Q(state__in=["checking", "running"]), name="import_active"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_active(self) -> bool:
        return self.state in (self.State.CHECKING, self.State.RUNNING)


class ImportPart(models.Model):
    """Some hundred rows of a file, passed in one transaction. Deleted when the import is over. Personal data: rows."""

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="parts")
    number = models.IntegerField()
    #: [[line, {"email": "ana@example.com"}, "what is wrong with its shape"]]
    rows = JsonText()
    #: How many passes it has been through: 1 checked, 2 taken in.
    passed = models.SmallIntegerField(default=0)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["owner", "number"], name="import_part_once")]

    def __str__(self) -> str:
        return f"part {self.number} of import {self.owner_id}"


class ImportRefusal(models.Model):
    """A row that was not taken, and why. Personal data: cells."""

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="refusals")
    line = models.IntegerField()
    reasons = JsonText()
    cells = JsonText()

    class Meta:
        ordering = ["line"]

    def __str__(self) -> str:
        return f"line {self.line} of import {self.owner_id}"
