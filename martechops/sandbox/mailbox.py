"""The captured mailbox: takes messages as a mail provider would, and lets nothing out."""

import uuid

from django.db.models import F

from martechops.lib import clock

from .models import MailboxMessage


def capture(*, key: uuid.UUID, to: str, sender: str, subject: str, text: str, html: str) -> MailboxMessage:
    """Keep a message under its key; the same key again is answered from the first and counted."""
    headers = {"From": sender, "To": to, "Subject": subject, "Message-ID": f"<{key}@martechops.invalid>"}
    message, created = MailboxMessage.objects.get_or_create(
        key=key,
        defaults={
            "to": to,
            "sender": sender,
            "subject": subject,
            "text": text,
            "html": html,
            "headers": headers,
            "sent_at": clock.now(),
        },
    )
    if not created:
        MailboxMessage.objects.filter(pk=message.pk).update(repeats=F("repeats") + 1)
    return message


def has(*, key: uuid.UUID) -> bool:
    """Was a message taken under this key?"""
    return MailboxMessage.objects.filter(key=key).exists()
