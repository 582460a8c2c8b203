"""Renames on their way through the contacts, and what owners are told of."""

from django.conf import settings
from django.db import models

from martechops.people.models import Team


class Rename(models.Model):
    """Another name for an event, a stage or a value. Definitions have it at once, contacts in batches: this row says
    how far it is, so that whatever stops the batches, a sweep goes on with them. No personal data.
    """

    #: As of an `Alias`.
    kind = models.CharField(max_length=100)
    old = models.CharField(max_length=120)
    new = models.CharField(max_length=120)
    #: Who asked for it, as histories name them.
    writer = models.TextField()
    at = models.DateTimeField()
    #: Contacts that held the former name when it began, and those that were written anew.
    contacts = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(finished_at=None), name="rename_unfinished"),  # the sweep
        ]

    def __str__(self) -> str:
        return f"{self.old} to {self.new}"


class Notice(models.Model):
    """What a team is to see: a definition of theirs that a rename wrote anew, a broken criterion, an answer.

    One row changes once, when somebody of the team has seen it.
    """

    owner = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="notices")
    #: What it is about, as a person calls it, and its page.
    label = models.TextField()
    address = models.TextField()
    #: What became of it, in words.
    says = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    seen_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["owner", "id"], condition=models.Q(seen_at=None), name="notice_unseen"),  # Today
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.says}"
