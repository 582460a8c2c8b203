"""Playbooks: patterns that launches are made from, so that none starts from scratch (requirements E1, E2)."""

from django.conf import settings
from django.db import models

from martechops.people.models import Team


class Playbook(models.Model):
    """One pattern. What it says is in its versions; the row changes when a version with another name is published.

    No personal data.
    """

    key = models.SlugField(unique=True, max_length=80)
    name = models.CharField(max_length=160)
    #: Null for those that come with the product.
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="playbooks")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PlaybookVersion(models.Model):
    """What a playbook said from one publication to the next, as the document of its file. Never changed.

    A campaign remembers the version that it was made from, so that it can be told what is new in a later one.
    No personal data.
    """

    playbook = models.ForeignKey(Playbook, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    digest = models.CharField(max_length=64)
    note = models.TextField(blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["playbook", "-number"]
        constraints = [models.UniqueConstraint(fields=["playbook", "number"], name="playbook_version_once")]

    def __str__(self) -> str:
        return f"{self.playbook} v{self.number}"
