"""What every definition has: a status, an owner, versions with a digest, other names, and change requests."""

from django.conf import settings
from django.db import models

from martechops.lib.columns import JsonText
from martechops.people.models import Team


class Status(models.TextChoices):
    """How settled a definition is; automation above low risk builds on agreed ones only (requirement I3)."""

    DRAFT = "draft", "Draft"
    AGREED = "agreed", "Agreed"
    FROZEN = "frozen", "Frozen"


class DefinitionVersion(models.Model):
    """The content of one definition at one point, as the document that a workspace file would hold. Never changed.

    One table for all kinds, because comparing, restoring and pinning treat them alike; the rows that the definitions
    live in hold the newest content only. No personal data.
    """

    #: system, field, stage, event-type, mapping, segment, template, convention, scoring, metric.
    kind = models.CharField(max_length=20)
    #: The definition's key; for an event type its name at that time.
    key = models.CharField(max_length=120)
    #: The row of that kind: the key of a renamed definition changes, this does not.
    object_id = models.BigIntegerField()
    number = models.PositiveIntegerField()
    content = models.JSONField()
    digest = models.CharField(max_length=64, db_index=True)
    note = models.TextField(blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["kind", "object_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "object_id", "number"], name="definition_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} v{self.number}"


class Alias(models.Model):
    """A former name that still arrives from outside and means the present one (requirement I2). Ended, not deleted."""

    #: "event-type", "stage", "field", or "value:<field>" for a picklist's value.
    kind = models.CharField(max_length=100)
    old = models.CharField(max_length=120)
    new = models.CharField(max_length=120)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["kind", "old"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "old"], condition=models.Q(until=None), name="alias_once"),
        ]

    def __str__(self) -> str:
        return f"{self.old} means {self.new}"


class StageOwnership(models.Model):
    """Which team may change what belongs to one of the four stages, and when (requirements G1, I1)."""

    class Stage(models.TextChoices):
        CAPTURE = "capture", "Capture"
        ENRICH = "enrich", "Enrich"
        ENGAGE = "engage", "Engage"
        MEASURE = "measure", "Measure"

    stage = models.CharField(max_length=10, choices=Stage)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="stage_ownerships")
    #: What the team answers for in this stage, in words.
    duty = models.TextField(blank=True)
    #: When it may change it, always if empty:
    #: {"days": "mon-thu", "from": "09:00", "to": "17:00", "timezone": "Europe/Berlin"}.
    window = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["stage", "team"]
        constraints = [models.UniqueConstraint(fields=["stage", "team"], name="stage_ownership_once")]

    def __str__(self) -> str:
        return f"{self.team} in {self.stage}"


class ChangeRequest(models.Model):
    """A value that somebody without authority over the field asks its owner to write (requirement C8).

    Personal data: the value.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", "Requested"
        APPLIED = "applied", "Applied"
        REFUSED = "refused", "Refused"

    id = models.BigAutoField(primary_key=True)
    contact_id = models.BigIntegerField()
    field = models.TextField()
    value = JsonText(null=True)
    #: The team that decides.
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="change_requests")
    #: Key of a system or workflow, or a person's user name.
    requested_by = models.TextField()
    #: Why it was not simply written: what the authority says.
    because = models.TextField()
    event_id = models.BigIntegerField(null=True)
    run_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    #: Why it was applied or refused, in the words of who decided.
    reason = models.TextField(blank=True)
    requested_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        indexes = [
            # change requests page, Today: what a team has to decide
            models.Index(fields=["owner", "-id"], condition=models.Q(state="requested"), name="change_request_open"),
            models.Index(fields=["contact_id", "id"], name="change_request_contact"),  # contact page
        ]

    def __str__(self) -> str:
        return f"change request {self.pk}"
