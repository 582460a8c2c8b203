"""Contacts as people look for them."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from martechops.lib import windows
from workflows.engine import consents
from workflows.engine.identity import normal_email
from workflows.engine.scoring import Score, Scoring
from workflows.models import ConsentEntry, Contact, ContactKey, Conversion

from . import scores


def window(
    *, at: datetime, search: str = "", stage: str = "", consent: str = "", before: str = ""
) -> windows.Window[Contact]:
    """Contacts that match, last changed first, with `score_now` as it is at an instant.

    `consent` is granted, denied or missing, for e-mail.
    """
    rows = _matching(search) if search else Contact.objects.all()
    if stage:
        rows = rows.filter(lifecycle_stage=stage)
    if consent == "missing":
        rows = rows.exclude(consent__has_key="email")
    elif consent:
        rows = rows.filter(consent__email__state=consent)
    return windows.by_instant(rows.annotate(score_now=scores.faded(at=at)), field="updated_at", before=before)


def _matching(search: str) -> QuerySet[Contact]:
    """By whole key (an address in any case and spacing, a user id), or by part of the address."""
    words = search.strip()
    email = normal_email(words)
    keys = [f"{kind}:{words}" for kind in ("user", "anonymous", "crm")] + ([f"email:{email}"] if email else [])
    owners = list(ContactKey.objects.filter(key__in=keys).values_list("contact_id", flat=True))
    if owners:
        return Contact.objects.filter(pk__in=owners)
    return Contact.objects.filter(email__icontains=words)


def keys(contact_id: int) -> list[str]:
    """What a contact is recognised by."""
    return list(ContactKey.objects.filter(contact_id=contact_id).order_by("key").values_list("key", flat=True))


def consent_ledger(contact_id: int) -> list[ConsentEntry]:
    """Every statement of consent, newest first."""
    return list(ConsentEntry.objects.filter(contact_id=contact_id).order_by("-at", "-pk")[:100])


def conversions(contact_id: int) -> list[Conversion]:
    """Goals that a contact reached, newest first."""
    return list(Conversion.objects.filter(contact_id=contact_id).order_by("-pk")[:50])


def facts_of(contact: Contact, *, scoring: Scoring, at: datetime) -> dict[str, Any]:
    """A stored contact as rules and templates see it."""
    known = {
        **contact.fields,
        "email": contact.email,
        "lifecycle_stage": contact.lifecycle_stage,
        "score": scoring.now(Score(contact.score, contact.scored_at), at=at),
        **consents.facts(contact.consent),
    }
    return {"contact": known}
