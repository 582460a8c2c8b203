"""What a run asks of people: a hand-off taken, a step approved, a lead looked after. Each has a deadline."""

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from martechops.lib.columns import JsonText
from martechops.people.models import Team


class Handoff(models.Model):
    """Work passed from one team to another (requirement A10). Made by a run's step, moved on by people.

    Overdue is no state: it is what `due_at` says of one that is still offered or accepted. Personal data: the payload.
    """

    class State(models.TextChoices):
        OFFERED = "offered", "Offered"
        ACCEPTED = "accepted", "Accepted"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"
        LAPSED = "lapsed", "Not accepted in time"

    id = models.BigAutoField(primary_key=True)
    #: From run and step, so that a repeat is the same hand-off.
    key = models.UUIDField(unique=True)
    run_id = models.BigIntegerField()
    workflow_id = models.BigIntegerField()
    step = models.TextField()
    contact_id = models.BigIntegerField(null=True)
    content_id = models.BigIntegerField(null=True)
    from_team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="handoffs_given")
    #: The team that is to take it: called its owner where it is asked who may.
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="handoffs_taken")
    #: What the other team needs to know, by path.
    payload = JsonText(default=dict)
    #: The run waits at its step until it is accepted.
    awaited = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.OFFERED)
    reason = models.TextField(blank=True)
    offered_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # Today, hand-offs page: what is open, soonest due first
            models.Index(
                fields=["due_at", "id"], condition=models.Q(state__in=["offered", "accepted"]), name="handoff_open"
            ),
            models.Index(fields=["run_id"], name="handoff_run"),  # run page
        ]

    def __str__(self) -> str:
        return f"hand-off {self.pk}"


class StepApproval(models.Model):
    """A run that waits at a step until somebody of a team agrees (requirement D3). Answered once, or over in time."""

    class State(models.TextChoices):
        ASKED = "asked", "Asked"
        APPROVED = "approved", "Approved"
        REFUSED = "refused", "Refused"
        LAPSED = "lapsed", "Time is over"

    id = models.BigAutoField(primary_key=True)
    #: From run and step, so that a repeat is the same question.
    key = models.UUIDField(unique=True)
    run_id = models.BigIntegerField()
    workflow_id = models.BigIntegerField()
    step = models.TextField()
    contact_id = models.BigIntegerField(null=True)
    content_id = models.BigIntegerField(null=True)
    #: The team that is asked.
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="step_approvals")
    #: What is to be agreed to, in words.
    says = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.ASKED)
    reason = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # Today: what waits for somebody to agree
            models.Index(fields=["due_at", "id"], condition=models.Q(state="asked"), name="step_approval_open"),
            models.Index(fields=["run_id"], name="step_approval_run"),  # run page, and when its run goes on
        ]

    def __str__(self) -> str:
        return f"approval {self.pk}"


class Queue(models.Model):
    """People that leads are given to, and how they share them out. One row changes when ops edits it.

    `members` is a list of {"key": "noor", "crm_id": "Noor Haddad", "capacity": 20, "away": false}, in the order of
    their turns; `territories` a list of {"key": "dach", "when": CONDITION, "members": ["noor"]}, of which the first
    that fits counts (`workflows.engine.rosters`). Personal data: the names of colleagues.
    """

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="queues")
    members = models.JSONField(default=list)
    territories = models.JSONField(default=list, blank=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name


class Desk(models.Model):
    """Whose turn was last at a queue, or a territory of it (`queue/territory`). Locked while turns are taken."""

    key = models.TextField(primary_key=True)
    last = models.TextField(null=True)

    def __str__(self) -> str:
        return f"desk {self.key}"


class Assignment(models.Model):
    """A lead given to one person of a queue. The newest open one of a contact says whose it is.

    Personal data: the name of a colleague.
    """

    class State(models.TextChoices):
        OPEN = "open", "Given"
        TAKEN = "taken", "Taken"
        REFUSED = "refused", "Refused"
        LAPSED = "lapsed", "Not taken in time"
        CLOSED = "closed", "Closed"

    id = models.BigAutoField(primary_key=True)
    #: From run, step and how often it was given on.
    key = models.UUIDField(unique=True)
    run_id = models.BigIntegerField()
    workflow_id = models.BigIntegerField()
    step = models.TextField()
    contact_id = models.BigIntegerField(null=True)
    #: The `Desk` whose turn it was; empty where it was nobody's turn.
    desk = models.TextField(blank=True)
    #: territory, round_robin, capacity or account_owner.
    by = models.TextField()
    #: Key of the member of the queue.
    person = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    given_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # queries.rosters: how many each person of a queue looks after
            models.Index(
                fields=["desk", "person"], condition=models.Q(state__in=["open", "taken"]), name="assignment_load"
            ),
            models.Index(fields=["contact_id", "id"], name="assignment_contact"),  # whose lead it is
            models.Index(fields=["run_id"], name="assignment_run"),  # run page, and when its run goes on
        ]

    def __str__(self) -> str:
        return f"assignment {self.pk}"
