"""Consent taken back by the link in a message: it counts from the commit, and workflows hear of it as an event."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from martechops.audit import entries
from workflows.actions import field_changes, inbound, memberships, sources
from workflows.actions.field_changes import Changed
from workflows.engine import consents
from workflows.engine.identity import normal_email
from workflows.models import ConsentEntry, Contact, ContactKey, InboundEvent, Merge, Source
from workflows.queries.unsubscribing import Leaving

#: The source of what is said on our own page.
SOURCE = "unsubscribe-page"
EVENT = "Unsubscribed"
_BY = "unsubscribe link"
#: Merges that are followed from one contact to the next.
_LONGEST_CHAIN = 10


@transaction.atomic
def unsubscribe(leaving: Leaving, *, at: datetime) -> bool:
    """Enter the withdrawal in the ledger, under the contact's lock; False if the contact is gone.

    Every reservation of a message takes that lock and reads consent under it, so none is made after this commit
    (FAULTS F25). Saying it twice is one statement. Who leaves a channel leaves all its purposes; who leaves a purpose
    keeps the rest.
    """
    contact = _who(leaving.contact_id)
    if contact is None:
        return False
    name = consents.name(leaving.channel, leaving.purpose)
    if (contact.consent.get(name) or {}).get("state") == consents.DENIED:
        return True
    # The catalog says what the event means for the channel as a whole; nothing in it is about a purpose.
    event = _event(contact, leaving, at=at) if name == leaving.channel else None
    changes = _withdraw(contact, leaving, event_id=event.pk if event else None, at=at)
    if event is None:
        memberships.follow(changes, at=at)
    detail = {"channel": leaving.channel, "purpose": leaving.purpose}
    entries.record(
        action="contact.unsubscribe", object_kind="contact", object_key=str(contact.pk), by=_BY, at=at, detail=detail
    )
    return True


@transaction.atomic
def turned_away(message: Mapping[str, Any], *, source: Source, at: datetime) -> bool:
    """A mail provider says that somebody complained or has no mailbox any more: no e-mail from this commit on.

    The event is stored already and goes its way; this does not wait for it. False if nobody is known by the address.
    """
    email = normal_email(message["properties"]["email"])
    key = ContactKey.objects.filter(key=f"email:{email}").first() if email else None
    contact = _who(key.contact_id) if key else None
    if contact is None:
        return False
    if (contact.consent.get("email") or {}).get("state") == consents.DENIED:
        return True
    event = inbound.found(source_id=source.pk, message_id=message["messageId"])
    leaving = Leaving(contact.pk, "email", consents.GENERAL)
    changes = _withdraw(contact, leaving, event_id=event.pk if event else None, at=at, by=message["event"])
    memberships.follow(changes, at=at)
    entries.record(
        action="contact.turned-away",
        object_kind="contact",
        object_key=str(contact.pk),
        by=source.key,
        at=at,
        detail={"event": message["event"]},
    )
    return True


def _withdraw(
    contact: Contact, leaving: Leaving, *, event_id: int | None, at: datetime, by: str = _BY
) -> list[Changed]:
    """Ledger, what it folds to, and the history of what that changed."""
    before = contact.consent
    name = consents.name(leaving.channel, leaving.purpose)
    contact.consent = consents.decided(before, name, consents.DENIED, at=at)
    contact.updated_at = at
    contact.save(update_fields=["consent", "updated_at"])
    ConsentEntry.objects.create(
        contact_id=contact.pk,
        channel=leaving.channel,
        purpose=leaving.purpose,
        state=consents.DENIED,
        at=at,
        recorded_at=at,
        event_id=event_id,
    )
    changes = [
        Changed(contact.pk, f"consent.{of}", old, new, by, event_id)
        for of, old, new in consents.changed(before, contact.consent)
    ]
    field_changes.write(changes, at=at)
    return changes


def _who(contact_id: int) -> Contact | None:
    """The contact, locked; whom it was merged into, where it was: links in old messages live on."""
    for _ in range(_LONGEST_CHAIN):
        contact = Contact.objects.select_for_update().filter(pk=contact_id).first()
        if contact is not None:
            return contact
        merge = Merge.objects.filter(gone_id=contact_id, undone_at=None).order_by("-pk").first()
        if merge is None:
            return None
        contact_id = merge.kept_id
    return None


def _event(contact: Contact, leaving: Leaving, *, at: datetime) -> InboundEvent | None:
    """The same as an event, as if the site had sent it: what waits for it wakes up. None for a contact without keys."""
    keys = dict(
        key.split(":", 1) for key in ContactKey.objects.filter(contact_id=contact.pk).values_list("key", flat=True)
    )
    names = {name: keys[kind] for kind, name in (("user", "userId"), ("anonymous", "anonymousId")) if kind in keys}
    email = contact.email or keys.get("email")
    if not names and not email:
        return None
    message_id = f"unsubscribe-{contact.pk}-{leaving.channel}-{at.timestamp():.6f}"
    message = {
        "type": "track",
        "event": EVENT,
        "messageId": message_id,
        "timestamp": at.isoformat(),
        "properties": {"channel": leaving.channel} | ({"email": email} if email else {}),
        **(names or {"userId": str(email)}),
    }
    source = _source(at)
    inbound.receive(source=source, messages=[message], received_at=at, sent_at=None)
    return inbound.found(source_id=source.pk, message_id=message_id)


def _source(at: datetime) -> Source:
    source = Source.objects.filter(key=SOURCE).first()
    if source is None:
        try:
            with transaction.atomic():
                source = sources.create(key=SOURCE, name="Unsubscribe page", by=_BY, at=at)
        except IntegrityError:  # somebody else unsubscribed at the same moment
            source = Source.objects.get(key=SOURCE)
    return source
