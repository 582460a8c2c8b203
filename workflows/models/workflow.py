"""Workflows, their versions, and which version is live."""

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from martechops.people.models import Team
from workflows.engine.arms import Arm


class Workflow(models.Model):
    """One of the guide's five kinds of workflow (requirement A9). What it does is in its versions."""

    class Type(models.TextChoices):
        ROUTING = "routing", "Lead routing"
        NURTURE = "nurture", "Nurture"
        CONTENT = "content", "Content"
        QUALITY = "quality", "Data quality"
        REPORTING = "reporting", "Reporting"

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    type = models.CharField(max_length=10, choices=Type)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="workflows")
    #: Drawn to document how things are, never run (requirement B4).
    map_only = models.BooleanField(default=False)
    #: For a map of the current state: the workflow that is to take its place.
    target = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="current_states")
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """Content of a workflow at one point; once frozen it never changes, and its digest names it.

    Why not rows per step? A version is read, compared, approved and pinned as a whole, so it is one document.
    """

    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    #: The workflow file of DESIGN section 5, as data.
    content = models.JSONField()
    digest = models.CharField(max_length=64, db_index=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    note = models.TextField(blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    #: Null while it is a draft.
    frozen_at = models.DateTimeField(null=True, blank=True)
    #: The number of the newest `Revision`; whoever changes a draft says which one they saw.
    revision = models.PositiveIntegerField(default=0, db_default=0)
    #: When a draft was changed last.
    edited_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["workflow", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["workflow", "number"], name="version_number_once"),
            models.UniqueConstraint(
                fields=["workflow"], condition=models.Q(frozen_at=None), name="one_draft_per_workflow"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.workflow.key} v{self.number}"


class Revision(models.Model):
    """A draft's content after one change. Never changed; gone only with the draft.

    Why whole contents and not operations? A text of some kilobytes needs no replaying: what somebody saw when they
    began to change it, and what undo goes back to, is read as it was.
    """

    id = models.BigAutoField(primary_key=True)
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    #: What was done, as a sentence.
    says = models.TextField()
    #: Numbers of the revisions that undo and redo go to from here.
    undo = models.PositiveIntegerField(null=True)
    redo = models.PositiveIntegerField(null=True)
    #: The open page that did it, so that a page is never told of its own changes; empty for programs.
    page = models.CharField(max_length=32, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["version", "-number"]
        constraints = [models.UniqueConstraint(fields=["version", "number"], name="revision_number_once")]

    def __str__(self) -> str:
        return f"{self.version} r{self.number}"


class StepComment(models.Model):
    """What somebody says about a step of a workflow; one with `thread` answers another. Changed when it is resolved.

    It belongs to the workflow and the step's key, not to a version: what is said of a step outlives the draft.
    Personal data: none is meant to be here, but people write it.
    """

    id = models.BigAutoField(primary_key=True)
    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="comments")
    #: Key of the step.
    step = models.CharField(max_length=120)
    #: The first comment of the thread; null for that one itself.
    thread = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="answers")
    text = models.TextField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["workflow", "step", "id"], name="comment_of_step")]  # map badges, step panel

    def __str__(self) -> str:
        return f"comment {self.pk} on {self.workflow.key}/{self.step}"


_ARMS = [(arm.value, arm.value) for arm in Arm]


class ForEverybody(models.Manager["Activation"]):
    """Leaves out candidates: whoever asks what is live means what everybody gets."""

    def get_queryset(self) -> models.QuerySet["Activation"]:
        return super().get_queryset().filter(arm=Arm.STABLE)


class Activation(models.Model):
    """The one switch that makes a version live; written only by a rollout. Ended, never changed otherwise.

    A workflow has one that is for everybody, and beside it, while a rollout is under way, one of a candidate that is
    for a share or a segment. A share that grows is another row.
    """

    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="activations")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="activations")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    arm = models.CharField(max_length=10, choices=_ARMS, default=Arm.STABLE.value, db_default=Arm.STABLE.value)
    #: Of a candidate: its rollout (`campaigns.Rollout`); null for what is for everybody.
    rollout_id = models.BigIntegerField(null=True, blank=True)
    #: The release line, which buckets are salted with.
    salt = models.TextField(blank=True, default="", db_default="")
    #: Null where a segment says who.
    share_percent = models.PositiveSmallIntegerField(null=True, blank=True)
    #: Key of the segment that it is for.
    segment = models.TextField(blank=True, default="", db_default="")
    #: It was ended because it is bad: its runs go no further, and nothing of it is sent any more.
    withdrawn = models.BooleanField(default=False, db_default=False)

    objects = ForEverybody()
    #: Candidates too.
    arms = models.Manager()  # noqa: DJ012  beside the other one

    class Meta:
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(
                fields=["workflow"], condition=models.Q(until=None, arm="stable"), name="one_live_per_workflow"
            ),
            models.UniqueConstraint(
                fields=["workflow"], condition=models.Q(until=None, arm="candidate"), name="one_candidate_per_workflow"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} live since {self.since:%Y-%m-%d %H:%M}"


class Exposure(models.Model):
    """Somebody met a rollout for the first time, and the arm that they are in from then on. Never changed.

    Only where a rollout runs; written by the batch that lets them in, for whoever either version would have let in.
    These tables are written by machines in bulk (COPY), so their references are plain numbers without triggers.
    """

    id = models.BigAutoField(primary_key=True)
    rollout_id = models.BigIntegerField()
    contact_id = models.BigIntegerField(null=True)
    content_id = models.BigIntegerField(null=True)
    arm = models.CharField(max_length=10, choices=_ARMS)
    #: The share when the coin was tossed; null where a segment decided and there was no coin.
    share_percent = models.PositiveSmallIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            # runtime.arms: which arm somebody is in; campaigns.queries.rollout_counts: everybody of a rollout
            models.UniqueConstraint(
                fields=["rollout_id", "contact_id", "content_id"], nulls_distinct=False, name="exposed_once"
            ),
        ]

    def __str__(self) -> str:
        return f"exposure {self.pk} to rollout {self.rollout_id}"
