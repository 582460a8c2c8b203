"""What came in, as it was received, and what could not be understood.

These tables are written by machines in bulk (COPY), so their references are plain numbers without triggers.
"""

from django.db import models
from simple_history.models import HistoricalRecords

from martechops.lib.columns import JsonText

from .catalog import System
from .mapping import Mapping


class Source(models.Model):
    """Where events come from. One row changes when ops edits it.

    The write key is kept readable, as Segment does: a browser page that sends events shows it to everybody anyway,
    and it allows nothing but sending.
    """

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    write_key = models.CharField(max_length=64, unique=True)
    system = models.ForeignKey(System, on_delete=models.PROTECT, null=True, blank=True, related_name="sources")
    #: How traits and properties of this source become fields of a contact.
    mapping = models.ForeignKey(Mapping, on_delete=models.PROTECT, null=True, blank=True, related_name="sources")
    enabled = models.BooleanField(default=True)
    #: Where its webhooks and CloudEvents say what (`workflows.engine.translation.Reading`); empty: the usual places.
    reading = models.JSONField(default=dict, blank=True)
    #: Its signing secrets, newest first, in one envelope; empty: it need not sign. Written, never shown.
    signing = models.TextField(default="", blank=True)
    created_at = models.DateTimeField()
    history = HistoricalRecords(excluded_fields=["write_key", "signing"])

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class InboundEvent(models.Model):
    """A message as received; unique per source and message id, for ever. Personal data: the body.

    Never changed, but that a retention policy may empty the body (`{}`): the rest is what recognises a repeat.
    """

    id = models.BigAutoField(primary_key=True)
    #: 16 bytes of BLAKE2b over source and message id (see `workflows.actions.inbound`).
    key = models.UUIDField(unique=True)
    source_id = models.BigIntegerField()
    message_id = models.TextField()
    #: track, identify, page, screen, group, alias.
    type = models.CharField(max_length=10)
    #: The event's name for track; empty otherwise.
    name = models.TextField()
    #: When it happened, the client's clock corrected by the server's (FAULTS F9).
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    #: Hash of its first identity key; events of one lane are handled in the order they came.
    lane = models.SmallIntegerField()
    #: 16 bytes of BLAKE2b over the body, to tell a repeat from a different message under the same id.
    body_digest = models.UUIDField()
    body = JsonText()

    class Meta:
        ordering = ["-id"]
        # One BRIN index, `inbound_found` (migration 0030), answers for the rare ones among filters of the events page
        # (name in any case, type, source) and for runtime.retention (received_at): it holds a summary for every 32
        # pages and costs an insert nothing. For what is frequent the newest are walked by id.

    def __str__(self) -> str:
        return f"{self.name or self.type} {self.pk}"


class QueuedEvent(models.Model):
    """An event that is still to be handled: claimed and deleted in the transaction that handles it."""

    event_id = models.BigIntegerField(primary_key=True)
    lane = models.SmallIntegerField()
    #: Failed tries so far; with each it is tried in a smaller group, at last by itself; after five it is a dead letter.
    tries = models.SmallIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["lane", "event_id"], name="queued_lane"),  # runtime.claim: oldest of a lane
            # runtime.claim, runtime.setbacks: what failed before, and what stands behind it
            models.Index(fields=["lane", "event_id"], condition=models.Q(tries__gt=0), name="queued_suspect"),
        ]

    def __str__(self) -> str:
        return f"queued event {self.event_id}"


class Attempt(models.Model):
    """What a worker is trying in one batch, noted before it begins: if it dies, each of these may be why (FAULTS F10).

    Deleted by the transaction that handles the batch. The table is unlogged, so that noting costs no write to disk:
    after a crash of the database itself it is empty, and nothing is suspected of anything.
    """

    #: The worker's database session: while it lives, so does the attempt.
    holder = models.IntegerField(primary_key=True)
    event_ids = JsonText()
    run_ids = JsonText()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"attempt of session {self.holder}"


class EventConflict(models.Model):
    """A message that came under an id already taken, with another body: the first counts (FAULTS F7)."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.BigIntegerField(db_index=True)
    received_at = models.DateTimeField()
    body = JsonText()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"conflict with event {self.event_id}"


class QuarantinedEvent(models.Model):
    """An event that the catalog does not allow, or that failed five times: kept, shown, fixed and replayed.

    Personal data: the corrected body.
    """

    class State(models.TextChoices):
        HELD = "held", "Held"
        REPLAYED = "replayed", "Replayed"
        DISMISSED = "dismissed", "Dismissed"

    event = models.OneToOneField(
        InboundEvent, on_delete=models.CASCADE, primary_key=True, db_constraint=False, related_name="quarantine"
    )
    #: "violation" (the catalog refuses it) or "dead_letter" (handling it failed five times).
    kind = models.CharField(max_length=12)
    #: A list of {"path": "/properties/email", "says": "…"}.
    reasons = JsonText()
    #: What a person made of the body, to be handled in its place; the event itself stays as it was received.
    corrected_body = JsonText(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.HELD)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]
        indexes = [
            # quarantine page and its count on every page: what is still held, newest first
            models.Index(fields=["-at"], condition=models.Q(state="held"), name="quarantine_held"),
            # quarantine page: what was replayed or dismissed, newest first
            models.Index(
                fields=["state", "-at"],
                condition=models.Q(state__in=["replayed", "dismissed"]),
                name="quarantine_settled",
            ),
        ]

    def __str__(self) -> str:
        return f"quarantined event {self.pk}"
