"""How a system's far side is reached: what people set, what the machine has found out, and the switch of it all."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

from .catalog import System


class Connection(models.Model):
    """What people set about reaching one system; without a row, its connector's own habits hold.

    Changes when ops edits it. Kept apart from the system, which is a definition that travels between installations:
    addresses and secrets stay where they are. No personal data.
    """

    system = models.OneToOneField(System, on_delete=models.CASCADE, primary_key=True, related_name="connection")
    #: What the connector's own `settings` name, besides secrets.
    settings = models.JSONField(default=dict, blank=True)
    #: Envelopes by name (`martechops.lib.sealed`), bound to this connection: written, never shown.
    secrets = models.JSONField(default=dict, blank=True)
    #: At most so many effects a second over all workers; null: as fast as it goes.
    per_second = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0.001), MaxValueValidator(100_000)]
    )
    #: Calls at once over all workers; null: what the connector says.
    at_once = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    #: Quiet hours: nothing leaves from … to … in that zone; both null for none.
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    quiet_zone = models.CharField(max_length=64, default="UTC")
    history = HistoricalRecords(excluded_fields=["secrets"])

    def __str__(self) -> str:
        return f"connection of system {self.pk}"

    @staticmethod
    def sealed_for(system_id: int, name: str) -> str:
        """What the envelope of a secret is bound to: put into another connection's row, it does not open."""
        return f"connection:{system_id}:{name}"


class ConnectionHealth(models.Model):
    """What the machine has found out about a connection. One row, written by whoever claims and records its effects.

    Its lock is the turnstile: reservations of one connection are made one after the other, and those of two never wait
    for each other. No personal data.
    """

    #: Key of the system, also of one that is not in the catalog.
    system = models.TextField(primary_key=True)
    #: The instant up to which the rate is spent (GCRA, as in `martechops.people.limits`).
    spent_until = models.DateTimeField(null=True)
    #: Nothing is sent before: the far side said so, or the breaker is open.
    closed_until = models.DateTimeField(null=True)
    #: What was said when it was closed.
    says = models.TextField(default="", blank=True)
    #: Failures of the connection since it last answered; from `runtime.links.BREAKS_AFTER` on the breaker is open.
    failures = models.IntegerField(default=0)
    last_done_at = models.DateTimeField(null=True)
    last_failed_at = models.DateTimeField(null=True)
    #: Why it takes nothing until a person has looked, such as "410: …"; empty while it does.
    disabled = models.TextField(default="", blank=True)

    def __str__(self) -> str:
        return f"health of {self.system}"


class Poll(models.Model):
    """How far a far side has told what changed there. One row a connection that is asked.

    The cursor moves in the transaction that stores what was told, so a worker that dies in between asks for the same
    again. No personal data.
    """

    #: Key of the system.
    system = models.TextField(primary_key=True)
    #: The far side's own mark, opaque to us; empty before the first answer.
    cursor = models.TextField(default="", blank=True)
    next_at = models.DateTimeField()
    #: When it last answered.
    answered_at = models.DateTimeField(null=True)
    #: Events that were stored, and when there last was one.
    brought = models.BigIntegerField(default=0)
    brought_at = models.DateTimeField(null=True)
    #: Changes that were our own requests coming back: no events.
    own = models.BigIntegerField(default=0)
    #: Failures since it last answered, and what was said at the last one.
    failures = models.IntegerField(default=0)
    says = models.TextField(default="", blank=True)

    def __str__(self) -> str:
        return f"poll of {self.system}"


class OutboundSwitch(models.Model):
    """The kill switch of the whole workspace: while its one row says so, nothing leaves."""

    off = models.BooleanField(default=False)
    because = models.TextField(default="", blank=True)
    since = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="outbound_switch_is_one")]

    def __str__(self) -> str:
        return "outbound is off" if self.off else "outbound is on"
