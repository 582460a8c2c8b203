"""Notices by chat: where a team or a person reads them, and what was posted there."""

from django.conf import settings
from django.core.validators import RegexValidator
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


class PersonalChat(models.Model):
    """The chat in which one person is spoken to besides by e-mail. Set by that person. Personal data: how the chat
    knows them.
    """

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="personal_chat")
    #: Reached by its connection, with its switch, its rate and its sandbox mode.
    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="+")
    #: The member id by which it is told whom a message is for, or a name with @; empty: the person's own name.
    member = models.CharField(
        max_length=41,
        blank=True,
        validators=[RegexValidator(r"\A@?[A-Za-z0-9._-]{1,40}\Z", "A member id, such as U024BE7LH, or a name with @.")],
    )

    class Meta:
        ordering = ["person__username"]

    def __str__(self) -> str:
        return f"{self.person} in {self.system}"


class ChatNote(models.Model):
    """One notice on its way to the chat of a team or of a person. Written with the notice, reserved before it is
    posted, and kept with what came of it: a chat keeps what it is told twice, so what is not known to stand there is
    not posted again. Personal data: who is spoken to.
    """

    key = models.UUIDField(unique=True)
    owner = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    #: As the person's chat had it.
    mention = models.CharField(max_length=41, blank=True, db_default="", default="")
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
        constraints = [
            models.CheckConstraint(
                condition=models.Q(owner=None, person__isnull=False) | models.Q(owner__isnull=False, person=None),
                name="chat_note_to_one",
            ),
        ]
        indexes = [
            # runtime.chat: what is to be posted, and what was begun and never ended
            models.Index(fields=["id"], condition=models.Q(state__in=["planned", "reserved"]), name="chat_note_open"),
        ]

    def __str__(self) -> str:
        return f"chat note {self.pk}"
