"""The address by which a contact takes back consent: signed, so that nobody makes one up for somebody else."""

from dataclasses import dataclass

from django.conf import settings
from django.core import signing

from workflows.engine import consents
from workflows.models import Contact, Field

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


@dataclass(frozen=True, slots=True)
class Purpose:
    """Something that a contact agreed to get by a channel, and what people call it."""

    key: str
    label: str


def purposes(leaving: Leaving) -> list[Purpose]:
    """What the contact gets by the channel now, purpose by purpose; empty where there is but the channel as a whole."""
    contact = Contact.objects.filter(pk=leaving.contact_id).only("consent").first()
    names = {
        name: consents.parts(name)[1]
        for name, said in (contact.consent if contact else {}).items()
        if name.startswith(f"{leaving.channel}.") and said["state"] == consents.GRANTED
    }
    labels = dict(Field.objects.filter(key__in=[f"consent.{name}" for name in names]).values_list("key", "label"))
    return [
        Purpose(key, labels.get(f"consent.{name}") or key.replace("_", " ").capitalize()) for name, key in names.items()
    ]
