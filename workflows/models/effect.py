"""Things to be done at far sides, each exactly once."""

from django.db import models

from martechops.lib.columns import JsonText


class Effect(models.Model):
    """One thing to be done at a far side; written before it is attempted, and kept with what came of it.

    Class A: a natural upsert, repeated freely. B: the far side honours `key`. C: neither; an unknown outcome is never
    repeated. Personal data: payload, outcome.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        HELD = "held", "Held"
        RESERVED = "reserved", "Reserved"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        UNCERTAIN = "uncertain", "Uncertain"
        SUPPRESSED = "suppressed", "Suppressed"
        CANCELLED = "cancelled", "Cancelled"

    id = models.BigAutoField(primary_key=True)
    #: 16 bytes of BLAKE2b over workflow, entry key, step: the same decision taken twice is one effect.
    key = models.UUIDField(unique=True)
    #: Set by a `once_per` guard; at most one effect with it may have happened.
    once_key = models.TextField(null=True, blank=True)
    workflow_id = models.BigIntegerField()
    version_id = models.BigIntegerField()
    run_id = models.BigIntegerField()
    #: Empty for what a content item or the workspace asks for.
    contact_id = models.BigIntegerField(null=True)
    content_id = models.BigIntegerField(null=True)
    step = models.TextField()
    #: upsert_record, send_message, create_task, … (`workflows.engine.spec.ACTIONS`).
    kind = models.TextField()
    #: Key of the System it goes to.
    system = models.TextField()
    payload = JsonText()
    state = models.CharField(max_length=10, choices=State)
    #: Why it was suppressed, failed or is uncertain, in words.
    reason = models.TextField(blank=True)
    not_before = models.DateTimeField()
    tries = models.SmallIntegerField(default=0)
    #: Rises with every reservation; an outcome counts only under the number it was reserved with (FAULTS F21).
    fence = models.IntegerField(default=0)
    #: On the database's clock.
    lease_until = models.DateTimeField(null=True)
    #: The database session of the worker that reserved it: when that is gone, so is the worker.
    holder = models.IntegerField(null=True)
    #: When an attempt ended without an answer first: the far side remembers a key only so long.
    doubt_since = models.DateTimeField(null=True)
    #: Uncertain: when the far side is to be asked whether it happened; null: not at all.
    probe_at = models.DateTimeField(null=True)
    #: What was sent and what the far side answered.
    outcome = JsonText(null=True)
    planned_at = models.DateTimeField()
    reserved_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["once_key"],
                condition=models.Q(state__in=["reserved", "done", "uncertain"]),
                name="effect_once",
            ),
        ]
        # And a BRIN index, `effect_found` (migration 0030), for the effects page by a rare kind and runtime.retention.
        indexes = [
            # runtime.reserve: what may be done now at one system, however much waits for another
            models.Index(fields=["system", "not_before", "id"], condition=models.Q(state="planned"), name="effect_due"),
            # runtime.reserve: what a workflow with a limit did lately
            models.Index(
                fields=["workflow_id", "reserved_at"],
                condition=models.Q(reserved_at__isnull=False),
                name="effect_workflow_lately",
            ),
            # runtime.reconcile: which far side is to be asked what happened
            models.Index(
                fields=["probe_at"],
                condition=models.Q(state="uncertain", probe_at__isnull=False),
                name="effect_probe",
            ),
            # runtime.sweep: reservations whose worker is gone
            models.Index(fields=["lease_until"], condition=models.Q(state="reserved"), name="effect_reserved"),
            # runtime.deliver: earlier effects of the contact, caps; contact timeline, run page
            models.Index(fields=["contact_id", "id"], name="effect_contact"),
            # runtime.sent: what was done for content items and the workspace
            models.Index(
                fields=["workflow_id", "content_id"],
                condition=models.Q(contact_id__isnull=True),
                name="effect_of_no_contact",
            ),
            # Today, effects page, connections: what needs a person; effects page: what was withheld or called off
            models.Index(
                fields=["state", "-id"],
                condition=models.Q(state__in=["failed", "uncertain", "held", "suppressed", "cancelled"]),
                name="effect_ended_otherwise",
            ),
            # connection page, effects page and interface by system: its newest, however much others do
            models.Index(fields=["system", "-id"], name="effect_system"),
        ]

    def __str__(self) -> str:
        return f"effect {self.pk}"
