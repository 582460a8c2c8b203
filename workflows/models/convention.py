"""How things are called."""

from django.db import models
from simple_history.models import HistoricalRecords

from martechops.people.models import Team

from .definition import Status


class NamingConvention(models.Model):
    """Patterns and allowed values for one kind of name (requirements C10, G4). One row changes when it is edited."""

    class Subject(models.TextChoices):
        CAMPAIGN = "campaign", "Campaign names"
        UTM = "utm", "UTM parameters"
        EVENT = "event", "Event names"
        CHANNEL = "channel", "Channel labels"

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    subject = models.CharField(max_length=10, choices=Subject)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="conventions")
    #: Stands between the parts of a name.
    separator = models.CharField(max_length=10, default="_", blank=True)
    #: A list of {"part": "year", "pattern": "20[0-9]{2}"} or {"part": "channel", "values": ["email", "ads"]}.
    parts = models.JSONField(default=list)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    history = HistoricalRecords()

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name
