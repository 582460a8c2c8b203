"""Documented groups of contacts."""

from django.db import models
from simple_history.models import HistoricalRecords

from martechops.people.models import Team

from .definition import Status


class Segment(models.Model):
    """A condition over catalog fields with a name and a meaning (requirement K3). One row changes when it is edited."""

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    #: Who is in it, and what for, in words.
    meaning = models.TextField()
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="segments")
    #: A condition of `workflows.engine.conditions`.
    when = models.JSONField()
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    history = HistoricalRecords()

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name
