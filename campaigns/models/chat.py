"""Notices by chat: where a team reads them, and what was posted there."""

from django.db import models

from martechops.people.models import Team
from workflows.models import System

from .letter import Letter


class ChatRoom(models.Model):
    """The chat that a team reads besides its inbox. Set by somebody of the team. No personal data."""

    owner = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="chat_room")
    #: Reached by its connection, with its switch, its rate and its sandbox mode.
    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["owner__name"]

    def __str__(self) -> str:
        return f"{self.owner} in {self.system}"


class ChatNote(models.Model):
    """One notice on its way to a team's chat. Written with the notice, reserved before it is posted, and kept with what
    came of it: a chat keeps what it is told twice, so what is not known to stand there is not posted again.
    """

    key = models.UUIDField(unique=True)
    owner = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    #: Key of the system, as the room had it.
    system = models.TextField()
    text = models.TextField()
    state = models.CharField(max_length=10, choices=Letter.State, default=Letter.State.PLANNED)
    says = models.TextField(blank=True)
    planned_at = models.DateTimeField()
    reserved_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # runtime.chat: what is to be posted, and what was begun and never ended
            models.Index(fields=["id"], condition=models.Q(state__in=["planned", "reserved"]), name="chat_note_open"),
        ]

    def __str__(self) -> str:
        return f"chat note {self.pk}"
