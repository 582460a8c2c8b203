"""Captured messages as people look for them."""

from uuid import UUID

from django.db.models import Q

from martechops.lib import windows
from martechops.sandbox.models import MailboxMessage


def window(*, search: str = "", before: str = "") -> windows.Window[MailboxMessage]:
    """Messages, newest first; `search` is an address or part of a subject."""
    rows = MailboxMessage.objects.defer("html", "headers")
    if search:
        rows = rows.filter(Q(to__iexact=search) | Q(to__icontains=search) | Q(subject__icontains=search))
    return windows.by_instant(rows, field="sent_at", before=before)


def found(pk: int) -> MailboxMessage | None:
    """One message."""
    return MailboxMessage.objects.filter(pk=pk).first()


def by_key(key: str) -> MailboxMessage | None:
    """The message that an effect with this key left; None for a key that is none."""
    try:
        return MailboxMessage.objects.filter(key=UUID(key)).first()
    except ValueError:
        return None
