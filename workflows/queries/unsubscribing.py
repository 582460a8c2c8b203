"""The address by which a contact takes back consent: signed, so that nobody makes one up for somebody else."""

from dataclasses import dataclass

from django.conf import settings
from django.core import signing

_SALT = "martechops.unsubscribe"


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who wants to hear no more, by which channel, for which purpose."""

    contact_id: int
    channel: str
    purpose: str


def link(contact_id: int, *, channel: str, purpose: str = "marketing") -> str:
    """The address in a message. It has no end: people unsubscribe by old messages too."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/u/{token(contact_id, channel=channel, purpose=purpose)}/"


def token(contact_id: int, *, channel: str, purpose: str = "marketing") -> str:
    return signing.dumps([contact_id, channel, purpose], salt=_SALT)


def read(text: str) -> Leaving | None:
    """Who a token speaks for; None for one that we did not make."""
    try:
        contact_id, channel, purpose = signing.loads(text, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Leaving(contact_id, channel, purpose)
