"""Letters about approvals leave: reserved and committed first, then sent, then the outcome is recorded."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from campaigns.models import Letter
from martechops.lib import mail
from martechops.sandbox import mailbox

BATCH = 20
DEADLINE_SECONDS = 20.0
#: A letter that was reserved so long ago lost its worker: whether it left nobody knows, so it is not sent again.
LOST_AFTER = timedelta(minutes=5)
State = Letter.State


def deliver(*, at: datetime) -> int:
    """Send what is planned; how many were tried."""
    Letter.objects.filter(state=State.RESERVED, reserved_at__lt=at - LOST_AFTER).update(
        state=State.UNCERTAIN, says="its worker went away while it was being sent", ended_at=at
    )
    reserved = _reserve(at)
    for letter in reserved:
        state, says = _send(letter)
        Letter.objects.filter(pk=letter.pk, state=State.RESERVED).update(state=state, says=says, ended_at=at)
    return len(reserved)


@transaction.atomic
def _reserve(at: datetime) -> list[Letter]:
    planned = Letter.objects.filter(state=State.PLANNED).order_by("pk").select_related("person")
    found = list(planned.select_for_update(of=("self",), skip_locked=True)[:BATCH])
    Letter.objects.filter(pk__in=[letter.pk for letter in found]).update(state=State.RESERVED, reserved_at=at)
    return found


def _send(letter: Letter) -> tuple[State, str]:
    """Without a mail server it goes to the captured mailbox, as all mail of a trial does."""
    if not settings.EMAIL_URL:
        mailbox.capture(
            key=letter.key,
            to=letter.person.email,
            sender=settings.EMAIL_FROM,
            subject=letter.subject,
            text=letter.text,
            html="",
        )
        return State.SENT, "captured"
    try:
        written = mail.message(
            to=letter.person.email,
            sender=settings.EMAIL_FROM,
            subject=letter.subject,
            text=letter.text,
            html="",
            message_id=f"<{letter.key}@{mail.domain_of(settings.EMAIL_FROM)}>",
            headers={"Auto-Submitted": "auto-generated"},
        )
        server = mail.Server.at(settings.EMAIL_URL, trusted=True)
        return State.SENT, mail.send(written, server=server, deadline_seconds=DEADLINE_SECONDS)
    except mail.Doubtful as error:
        return State.UNCERTAIN, str(error)
    except mail.Busy as error:
        return State.PLANNED, str(error)
    except (mail.BadMail, mail.Rejected) as error:
        return State.FAILED, str(error)
