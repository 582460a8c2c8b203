"""Reusable translations from one system's fields to another's."""

from django.db import models
from simple_history.models import HistoricalRecords

from martechops.people.models import Team

from .definition import Status


class Mapping(models.Model):
    """Source field to target field, with type, default and whether it must be there (requirements E5, E6).

    One row changes when its owner edits it; what it was before is in its history.
    """

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="mappings")
    #: A list of {"from": "event.properties.email", "to": "email", "type": "email", "default": …, "required": true};
    #: "as" names a coercion of `workflows.engine.coercions`, "timezone" the zone of times that say none.
    rows = models.JSONField(default=list)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    history = HistoricalRecords()

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name
