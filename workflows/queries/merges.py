"""Contacts that may be one person, and what was merged."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from workflows.models import Contact, DuplicateFinding, Merge

#: Findings on the page; the rest comes when these are decided.
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Pair:
    """A finding with both contacts, the older first."""

    finding: DuplicateFinding
    kept: Contact
    gone: Contact


def open_pairs() -> list[Pair]:
    """Findings that nobody has decided, newest first, where both contacts are still there."""
    state = DuplicateFinding.State
    findings = DuplicateFinding.objects.filter(state__in=[state.FOUND, state.PROPOSED])[:SHOWN]
    return _pairs(findings)


def others_of(contact_id: int) -> list[Pair]:
    """Who else a contact may be."""
    state = DuplicateFinding.State
    either = Q(contact_id=contact_id) | Q(other_id=contact_id)
    return _pairs(DuplicateFinding.objects.filter(either, state__in=[state.FOUND, state.PROPOSED])[:5])


def _pairs(findings: Iterable[DuplicateFinding]) -> list[Pair]:
    rows = list(findings)
    people = Contact.objects.in_bulk({contact_id for row in rows for contact_id in (row.contact_id, row.other_id)})
    return [
        Pair(row, people[row.contact_id], people[row.other_id])
        for row in rows
        if row.contact_id in people and row.other_id in people
    ]


def done_to(contact_id: int) -> QuerySet[Merge]:
    """Merges that a contact was made of and that stand, newest first."""
    return Merge.objects.filter(kept_id=contact_id, undone_at=None).select_related("by")[:10]


def kept_instead_of(contact_id: int) -> int | None:
    """Into whom a contact that is gone was merged."""
    return Merge.objects.filter(gone_id=contact_id, undone_at=None).values_list("kept_id", flat=True).first()
