"""The past played once more: live against a candidate, and what would have been otherwise."""

from django.conf import settings
from django.db import models

from martechops.lib.columns import JsonText

from .workflow import Version, Workflow


class Replay(models.Model):
    """A candidate played against what is live, over recorded events. Its results are in its parts, a part a chunk of
    contacts; how far it is follows from the last of them. Changes only where it stands. No personal data.

    Why its own copy of the content? A draft goes on changing while it is played, and the result is of what was asked.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"

    id = models.BigAutoField(primary_key=True)
    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="replays")
    candidate = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="replays")
    #: What the candidate said when it was asked for; results count for this digest alone.
    content = models.JSONField()
    digest = models.CharField(max_length=64, db_index=True)
    #: What was live then; null: nothing was.
    baseline = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    #: Contacts to be looked through, from the first to the last of them that there were when it was asked for.
    last_contact = models.BigIntegerField(default=0)
    #: Why it failed, in words.
    reason = models.TextField(blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # rehearsal.replays: what there is to do, the oldest first
            models.Index(fields=["id"], condition=models.Q(state__in=["waiting", "running"]), name="replay_active"),
        ]

    def __str__(self) -> str:
        return f"replay {self.pk} of {self.workflow.key}"

    @property
    def is_active(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)


class ReplayPart(models.Model):
    """A chunk of contacts, played: written once, in the transaction that played it. No personal data.

    `result` is `workflows.engine.replays.Tally.plain`.
    """

    id = models.BigAutoField(primary_key=True)
    replay = models.ForeignKey(Replay, on_delete=models.CASCADE, related_name="parts")
    #: The last contact of it: the next part begins behind it. 0: the opening part, before any contact.
    up_to = models.BigIntegerField()
    contacts = models.IntegerField()
    events = models.IntegerField()
    cpu_seconds = models.FloatField()
    result = JsonText()

    class Meta:
        ordering = ["replay", "up_to"]
        constraints = [models.UniqueConstraint(fields=["replay", "up_to"], name="replay_part_once")]

    def __str__(self) -> str:
        return f"part of replay {self.replay_id} up to contact {self.up_to}"


class ReplayFinding(models.Model):
    """One effect that would have been otherwise, or one that could not be made to happen as it did. Never changed.

    Personal data: which contact; no value of theirs.
    """

    class Kind(models.TextChoices):
        DIFFERENCE = "difference", "Difference"
        EXCEPTION = "exception", "Exception"

    id = models.BigAutoField(primary_key=True)
    replay = models.ForeignKey(Replay, on_delete=models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=10, choices=Kind)
    #: Of a difference: `workflows.engine.replays.Cause.name`; of an exception: its reason.
    cause = models.TextField()
    #: added, removed, changed; of an exception: recorded, played or both.
    verdict = models.CharField(max_length=10)
    contact_id = models.BigIntegerField(null=True)
    workflow = models.TextField(blank=True)
    step = models.TextField(blank=True)
    effect_kind = models.TextField(blank=True)
    #: In words: what differs.
    says = models.TextField(blank=True)
    #: What live does, what the candidate does, what the ledger has: "done", "suppressed: …"; empty: nothing.
    live = models.TextField(blank=True)
    candidate = models.TextField(blank=True)
    recorded = models.TextField(blank=True)
    at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            # replay page: those of one cause; exceptions
            models.Index(fields=["replay", "kind", "cause", "id"], name="replay_finding_cause"),
            models.Index(fields=["contact_id"], name="replay_finding_contact"),  # a contact that is erased
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.verdict} in replay {self.replay_id}"
