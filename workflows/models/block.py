"""Parts of messages that differ by who reads them."""

from django.db import models
from simple_history.models import HistoricalRecords

from martechops.people.models import Team

from .definition import Status


class Block(models.Model):
    """One part of messages, worded for several segments, and once for everybody else (requirement K2).

    Every channel's templates say `{{ block.<key> }}`, so that who reads what is decided in one place. One row changes
    when its owner edits it. No personal data.
    """

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="blocks")
    #: In order: [{"segment": "enterprise-leads", "text": "…"}]. The first segment that somebody is in decides.
    choices = models.JSONField(default=list, blank=True)
    fallback = models.TextField(help_text="For everybody who is in none of the segments.")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    history = HistoricalRecords()

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name
