"""What archived campaigns came to: their numbers and which rows these were counted from."""

from django.db import models

from campaigns.models import CampaignArchive
from martechops.lib.columns import JsonText


class ArchivedNumbers(models.Model):
    """What an archived campaign came to, by the definitions of that day (requirement C5).

    Written once, when facts hold all that happened until it was archived; a trigger keeps it from ever changing.
    `content` holds period and time zone, the name that facts stood under, every definition with its version and digest,
    and the numbers. Why not references to versions? A definition may be deleted, and these are read years later. No
    personal data.
    """

    archive = models.OneToOneField(CampaignArchive, on_delete=models.PROTECT, related_name="numbers")
    content = models.JSONField()
    #: Of the content.
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-made_at"]
        verbose_name_plural = "archived numbers"

    def __str__(self) -> str:
        return f"numbers of {self.archive.campaign}"


class CountedRows(models.Model):
    """Which rows of one view archived numbers were counted from: what later tells what went, came or changed.

    `rows` holds for each its number, that of its contact, and a digest of what it said. Written with the numbers, never
    changed. Personal data: numbers of contacts, which say nothing once a contact is erased.
    """

    numbers = models.ForeignKey(ArchivedNumbers, on_delete=models.PROTECT, related_name="counted")
    view = models.CharField(max_length=40)
    rows = JsonText()
    count = models.PositiveIntegerField()
    #: Of the rows.
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["view"]
        verbose_name_plural = "counted rows"
        constraints = [models.UniqueConstraint(fields=["numbers", "view"], name="counted_rows_once")]

    def __str__(self) -> str:
        return f"{self.count} {self.view}"
