"""What messages say."""

from django.db import models
from simple_history.models import HistoricalRecords

from martechops.people.models import Team

from .definition import Status


class MessageTemplate(models.Model):
    """Subject and body for one channel, in Liquid. One row changes when its owner edits it."""

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    channel = models.CharField(
        max_length=10, choices=[("email", "E-mail"), ("in_app", "In-app"), ("chat", "Chat")], default="email"
    )
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="templates")
    subject = models.CharField(max_length=200)
    body = models.TextField(help_text="Liquid; blank lines make paragraphs.")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    history = HistoricalRecords()

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name
