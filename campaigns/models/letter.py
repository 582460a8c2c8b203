"""E-mail to the people whom a request for approval concerns."""

from django.conf import settings
from django.db import models

from .approval import ApprovalRequest


class Letter(models.Model):
    """One e-mail to one person about one request. Written with what it tells of, reserved before it is sent, and kept
    with what came of it: what is not known to have been sent is not sent twice. Personal data: who is written to.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        RESERVED = "reserved", "Reserved"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        UNCERTAIN = "uncertain", "Uncertain"

    #: From request, person and occasion: the same occasion is one letter. The mailbox honours it, too.
    key = models.UUIDField(unique=True)
    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="letters")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    subject = models.TextField()
    text = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    #: What the mail server said, or why it was not sent.
    says = models.TextField(blank=True)
    planned_at = models.DateTimeField()
    reserved_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # runtime.letters: what is to be sent, and what was begun and never ended
            models.Index(fields=["id"], condition=models.Q(state__in=["planned", "reserved"]), name="letter_open"),
        ]

    def __str__(self) -> str:
        return f"letter {self.pk}"
