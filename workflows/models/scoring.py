"""What a contact's behaviour is worth."""

from django.db import models
from simple_history.models import HistoricalRecords

from martechops.people.models import Team

from .definition import Status


class Scoring(models.Model):
    """Points per event and property, and how fast they fade. One workspace has one; it changes when it is edited.

    Points halve every `half_life_days`, all at the same pace, so that a contact's score is one number and an instant
    and does not depend on the order in which events arrive.
    """

    key = models.SlugField(unique=True, default="score")
    name = models.CharField(max_length=80)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="scorings")
    #: Null: points never fade.
    half_life_days = models.PositiveSmallIntegerField(null=True, blank=True)
    #: A list of {"event": "Demo Requested", "when": {…} or absent, "points": 40, "says": "asked for a demo"}.
    rules = models.JSONField(default=list)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    history = HistoricalRecords()

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name


class ScoreEntry(models.Model):
    """Points that one event brought one contact, and the rule that gave them. Append-only; explains the score."""

    id = models.BigAutoField(primary_key=True)
    contact_id = models.BigIntegerField()
    event_id = models.BigIntegerField()
    #: What the rule says, in words.
    rule = models.TextField()
    points = models.IntegerField()
    #: When it happened: fading begins then.
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "score entries"
        indexes = [models.Index(fields=["contact_id", "id"], name="score_contact")]  # contact page: why this score

    def __str__(self) -> str:
        return f"{self.points} points of contact {self.contact_id}"
