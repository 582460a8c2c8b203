"""Runs taken from one version of their workflow to another: decided once, done in batches, told run by run."""

from django.conf import settings
from django.db import models

from .workflow import Version


class Move(models.Model):
    """One decision that runs of a version go on with another, or are over. Changed once, when the last was moved.

    `plan` says for each step of the old version where who waits there goes (`workflows.engine.in_flight.Landing`), as
    it was previewed: what is moved is what was shown. No personal data.
    """

    class Policy(models.TextChoices):
        FOLLOW = "follow", "Go on from the same step"
        MIGRATE = "migrate", "Go where the map says"

    from_version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="moves_from")
    to_version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="moves_to")
    policy = models.CharField(max_length=10, choices=Policy)
    #: Under migrate: step of the old version → step of the new one, or `end`.
    steps = models.JSONField(default=dict)
    #: Step → {"way", "step", "says"}.
    plan = models.JSONField()
    #: How many runs were to be moved when it was decided.
    runs = models.PositiveIntegerField()
    #: What it came with, such as a rollout, in words.
    cause = models.TextField(blank=True)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField()
    #: Null while runs are still to be moved.
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # actions.move_batches: what goes on; version page
            models.Index(fields=["id"], condition=models.Q(ended_at=None), name="move_going"),
        ]

    def __str__(self) -> str:
        return f"move {self.pk}: {self.from_version} to {self.to_version}"


class PendingMove(models.Model):
    """A run that a move is to take along: deleted in the transaction that moves it, so that a crash brings it back."""

    run_id = models.BigIntegerField(primary_key=True)
    move = models.ForeignKey(Move, on_delete=models.PROTECT, related_name="pending")

    class Meta:
        indexes = [models.Index(fields=["move", "run_id"], name="pending_move_of")]  # move_batches: the next batch

    def __str__(self) -> str:
        return f"run {self.run_id} to be moved"


class RunMove(models.Model):
    """What a move did with one run, and why. Append-only. No personal data: whose it is, the run says."""

    class Way(models.TextChoices):
        WAITS = "waits", "Waits on"
        BEGINS = "begins", "Begins a step"
        ENDS = "ends", "Is over"
        STAYS = "stays", "Stays"

    id = models.BigAutoField(primary_key=True)
    move = models.ForeignKey(Move, on_delete=models.PROTECT, related_name="done")
    run_id = models.BigIntegerField()
    way = models.CharField(max_length=10, choices=Way)
    from_step = models.TextField(blank=True)
    to_step = models.TextField(blank=True)
    says = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["move", "run_id"], name="run_moved_once")]
        indexes = [models.Index(fields=["run_id"], name="run_move_run")]  # run page; campaigns.repairs: whence it came

    def __str__(self) -> str:
        return f"run {self.run_id} by move {self.move_id}"
