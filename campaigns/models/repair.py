"""What a version did that was rolled back, put right as far as that can be, and what cannot."""

from django.conf import settings
from django.db import models

from martechops.lib.columns import JsonText
from workflows.models import MessageTemplate, Version

from .rollout import Rollout


class Repair(models.Model):
    """One repair of what a version did to everyone it touched: listed, confirmed by a person, done in batches.

    Nothing is put right before somebody has seen the numbers. No personal data.
    """

    class State(models.TextChoices):
        LISTING = "listing", "Being listed"
        LISTED = "listed", "To be confirmed"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        DISMISSED = "dismissed", "Dismissed"

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="repairs")
    #: The rollout that was rolled back, where it was one.
    rollout = models.ForeignKey(Rollout, on_delete=models.PROTECT, null=True, related_name="repairs")
    state = models.CharField(max_length=10, choices=State, default=State.LISTING)
    #: Why it is done, in words.
    because = models.TextField(blank=True)
    #: The id of the last run that was listed: whoever is stopped goes on behind it.
    listed_upto = models.BigIntegerField(default=0)
    #: How many runs of the version were found.
    runs = models.PositiveIntegerField(default=0)
    #: A draft of a message to those who got one that cannot be taken back. Never sent by itself.
    correction = models.ForeignKey(MessageTemplate, on_delete=models.SET_NULL, null=True, related_name="+")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version"],
                condition=models.Q(state__in=["listing", "listed", "running"]),
                name="one_open_repair_per_version",
            ),
        ]

    def __str__(self) -> str:
        return f"repair {self.pk} of {self.version}"

    @property
    def writer(self) -> str:
        """Who it is in histories and in the log."""
        return f"repair-{self.pk}"


class RepairItem(models.Model):
    """One thing that the version did, and what becomes of it, with the reason. Changed once, when it is dealt with.

    Personal data: the values.
    """

    class Kind(models.TextChoices):
        FIELD = "field", "Field"
        SEND = "send", "Effect that is still to come"
        TASK = "task", "Task"
        AUDIENCE = "audience", "Audience"
        RUN = "run", "Run on the way"
        ASKED = "asked", "Asked of a person"
        DEED = "deed", "What happened"

    class State(models.TextChoices):
        PLANNED = "planned", "To be done"
        DONE = "done", "Done"
        LEFT = "left", "Left as it is"
        CANNOT = "cannot", "Cannot be undone"

    id = models.BigAutoField(primary_key=True)
    repair = models.ForeignKey(Repair, on_delete=models.CASCADE, related_name="items")
    kind = models.CharField(max_length=10, choices=Kind)
    #: What it is about, once in a repair: `7/lifecycle_stage`, or the id of an effect, a run, a question.
    key = models.TextField()
    contact_id = models.BigIntegerField(null=True)
    run_id = models.BigIntegerField(null=True)
    step = models.TextField(blank=True)
    #: In words: the field, or what was done.
    label = models.TextField()
    #: What it needs to be dealt with: ids of changes, the effect's system and key, the audience.
    detail = JsonText(default=dict)
    #: Of a field: what it held before, and what the version left there.
    before = JsonText(null=True)
    ours = JsonText(null=True)
    state = models.CharField(max_length=10, choices=State)
    reason = models.TextField(blank=True)
    at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["repair", "kind", "key"], name="repair_item_once")]
        indexes = [
            # actions.repairs: the next batch; repair page: what is in which state
            models.Index(fields=["repair", "state", "id"], name="repair_item_state"),
        ]

    def __str__(self) -> str:
        return f"{self.label} of repair {self.repair_id}"
