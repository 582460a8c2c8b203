"""Put a message, list a contact's, mark one as read."""

import uuid

from django.db.models import QuerySet

from martechops.lib import clock

from .models import InboxMessage


def put(*, key: uuid.UUID, contact_id: int, subject: str, text: str, html: str) -> InboxMessage:
    """Keep a message under its key; the same key again is answered from the first."""
    message, _ = InboxMessage.objects.get_or_create(
        key=key,
        defaults={
            "contact_id": contact_id,
            "subject": subject,
            "text": text,
            "html": html,
            "sent_at": clock.now(),
        },
    )
    return message


def of_contact(contact_id: int) -> QuerySet[InboxMessage]:
    """Newest first."""
    return InboxMessage.objects.filter(contact_id=contact_id)


def mark_read(message: InboxMessage) -> InboxMessage:
    """Note when it was read first."""
    InboxMessage.objects.filter(pk=message.pk, read_at=None).update(read_at=clock.now())
    message.refresh_from_db()
    return message
