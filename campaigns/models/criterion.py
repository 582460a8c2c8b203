"""Success criteria as they are measured: one span for each run, and where each criterion stands."""

from django.db import models

from campaigns.budgets import Level


class CriterionSpan(models.Model):
    """From one moment to another in one run, as a success criterion of its version asks (requirements B7, B8).

    Made when the run is found, looked at again while it may change, and then kept. `left`: the run ended by the
    workflow's own rules without coming to the moment, so that nothing was to be in time. No personal data but numbers.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        MET = "met", "In time"
        MISSED = "missed", "Late"
        LEFT = "left", "Does not count"

    id = models.BigAutoField(primary_key=True)
    workflow_id = models.BigIntegerField()
    criterion = models.TextField()
    version_id = models.BigIntegerField()
    run_id = models.BigIntegerField()
    contact_id = models.BigIntegerField(null=True)
    content_id = models.BigIntegerField(null=True)
    began_at = models.DateTimeField(null=True)
    #: In business time, where the criterion says so.
    due_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    #: It will not change any more. Who is late and still on the way may yet leave by the workflow's rules.
    is_settled = models.BooleanField(default=False)
    looked_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["run_id", "criterion"], name="criterion_span_once"),
        ]
        indexes = [
            # criteria: what was not looked at for longest
            models.Index(fields=["looked_at", "id"], condition=models.Q(is_settled=False), name="criterion_span_open"),
            # budgets and burn-down; gates of a rollout: who was late
            models.Index(fields=["workflow_id", "criterion", "due_at"], name="criterion_span_due"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion} of run {self.run_id}"


class CriterionStanding(models.Model):
    """Where a criterion stood when its team was told last. One row changes when that changes."""

    workflow_id = models.BigIntegerField()
    criterion = models.TextField()
    level = models.CharField(max_length=10, choices=[(one.value, one.name) for one in Level])
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workflow_id", "criterion"], name="criterion_standing_once"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.level}"


class CriterionValue(models.Model):
    """What the metric of a criterion came to on one day, for its workflow: counted by `reporting`, read by everybody.

    The row of a day changes until the day is over, so that the days behind it are the criterion's past. It says by
    which version of the metric's definition it was counted (requirements B7, F7).
    """

    workflow_id = models.BigIntegerField()
    criterion = models.TextField()
    #: By the clock of the workspace; the value is that of the criterion's span up to the end of this day.
    day = models.DateField()
    metric = models.TextField()
    #: Of the metric's definition, with the digest of that; 0: there is none that could be counted.
    version = models.IntegerField(default=0)
    digest = models.TextField(blank=True)
    unit = models.TextField(blank=True)
    #: Of money.
    currency = models.TextField(blank=True)
    #: None: nothing happened that it could be said of, or it cannot be counted, and `says` why.
    value = models.FloatField(null=True)
    says = models.TextField(blank=True)
    counted_at = models.DateTimeField()

    class Meta:
        ordering = ["-day", "workflow_id", "criterion"]
        constraints = [
            models.UniqueConstraint(fields=["workflow_id", "criterion", "day"], name="criterion_value_once"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion} on {self.day}"


class CriterionMarks(models.Model):
    """Whom the metric of a candidate's success criterion counted since they met its rollout, by arm and share.

    Written by `reporting` while the rollout is open, read by its gates. No personal data: counts of people.
    """

    id = models.BigAutoField(primary_key=True)
    rollout_id = models.BigIntegerField()
    criterion = models.TextField()
    metric = models.TextField()
    version = models.IntegerField()
    #: Of every definition that it rests on, now and when it was counted first: what changes meanwhile decides nothing.
    digest = models.TextField(blank=True)
    first_digest = models.TextField(blank=True)
    #: Rows of share in per cent, people of the candidate, people of the stable version.
    marks = models.JSONField(default=list)
    problem = models.TextField(blank=True)
    counted_at = models.DateTimeField()
    took_seconds = models.FloatField(default=0)

    class Meta:
        ordering = ["-id"]
        constraints = [
            # gates: the metrics of a rollout
            models.UniqueConstraint(fields=["rollout_id", "criterion"], name="criterion_marks_once"),
        ]

    def __str__(self) -> str:
        return f"{self.metric} in rollout {self.rollout_id}"
