"""How a version goes live: the decision, the steps that were taken since, and what was looked at on the way."""

from django.conf import settings
from django.db import models

from campaigns import rollout_states
from workflows.models import Version

from .approval import ApprovalRequest, BreakGlass
from .release import Release


class Rollout(models.Model):
    """The decision to let a version out, by whom, why and how; it alone writes the activation (DESIGN section 7).

    One row is one decision and is never changed: where it stands is what its newest step says, and who met it is in
    `workflows.Exposure`. Going back to a former version without blame is another rollout, of that version.
    """

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="rollouts")
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True)
    #: What went live, with all that it depends on; null for rollouts from before there were releases.
    release = models.ForeignKey(Release, on_delete=models.PROTECT, null=True, related_name="rollouts")
    #: The approved request that let a person do it; a trigger asks for it unless the risk is low or glass was broken.
    approval = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, null=True, related_name="rollouts")
    break_glass = models.ForeignKey(BreakGlass, on_delete=models.PROTECT, null=True, related_name="rollouts")
    #: What was live when it was decided: the other arm, and where rolling back leads. Null where nothing was.
    stable = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="+")
    #: `campaigns.ramps.Ramp.plain`: stages, change window, expected lifecycle stages.
    ramp = models.JSONField(default=dict, db_default={})
    #: What becomes of those on their way on the former version once it is for everybody: {"policy", "steps"}.
    in_flight = models.JSONField(default=dict, db_default={})
    #: When a scheduled one is to begin.
    starts_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"rollout of {self.version}"


class RolloutStep(models.Model):
    """One step of a rollout, and where it stands since; the newest one is its state. Append-only: a trigger sees to it.

    Numbered without gaps, so that two controllers that tick at once cannot both take the same step (FAULTS F14).
    """

    id = models.BigAutoField(primary_key=True)
    rollout = models.ForeignKey(Rollout, on_delete=models.PROTECT, related_name="steps")
    number = models.PositiveIntegerField()
    verb = models.CharField(max_length=12)
    state = models.CharField(max_length=12, choices=rollout_states.CHOICES)
    #: Index of the stage in the ramp.
    stage = models.PositiveSmallIntegerField()
    #: Null: the controller, or a part of the system.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    because = models.TextField(blank=True)
    at = models.DateTimeField()
    #: Number of the newest run that there was: what came later is told by it, whatever the clocks say. Null: of old.
    after_run = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["rollout", "number"]
        constraints = [models.UniqueConstraint(fields=["rollout", "number"], name="rollout_step_once")]

    def __str__(self) -> str:
        return f"step {self.number} of rollout {self.rollout_id}"


class RolloutLook(models.Model):
    """What the gates found at one look, where it differs from the look before. Never changed. Personal data: ids.

    Of those that tell nothing new one every few minutes stays, and the newest: a rollout is looked at every two
    seconds, and its counts grow with each person. A trigger keeps the others.
    """

    id = models.BigAutoField(primary_key=True)
    rollout = models.ForeignKey(Rollout, on_delete=models.PROTECT, related_name="looks")
    stage = models.PositiveSmallIntegerField()
    #: How many people met each version, in this stage and in all.
    met_in_stage = models.PositiveIntegerField()
    candidate = models.PositiveIntegerField()
    stable = models.PositiveIntegerField()
    #: `campaigns.gates.Finding.plain`, a gate each.
    findings = models.JSONField()
    #: Its stage, or the verdict of a gate, is another than the look's before: it stays for ever.
    is_telling = models.BooleanField(default=False, db_default=False)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["rollout", "-id"], name="look_of_rollout")]  # monitor: the newest, and before

    def __str__(self) -> str:
        return f"look at rollout {self.rollout_id}"
