"""What is shown to contacts in the product."""

from django.db import models


class InboxMessage(models.Model):
    """One in-app message. Changes once, when it is read. Personal data: all of it."""

    #: The effect's key: the same key twice is one message.
    key = models.UUIDField(unique=True)
    contact_id = models.BigIntegerField()
    subject = models.TextField()
    text = models.TextField()
    html = models.TextField(blank=True)
    sent_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["contact_id", "-id"], name="inbox_contact")]  # the widget: one contact's

    def __str__(self) -> str:
        return f"in-app message {self.pk}"
