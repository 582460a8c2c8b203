"""What stands of a version's writing: fields of contacts that still hold it, and what they held before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflows.engine.ours import Left, Written, judge
from workflows.models import Contact, FieldChange

#: A contact's id and the key of a field.
Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One field of one contact, and the changes of it that are to be undone."""

    contact_id: int
    field: str
    #: Ids of rows of the history.
    changes: frozenset[int]
    run_id: int
    step: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it; `because` where it stays as it is."""

    restored: bool
    before: Any = None
    ours: Any = None
    because: str = ""


def judged(wanted: Iterable[Wanted]) -> dict[Key, Outcome]:
    """What would become of each, as it is now. Nothing is locked and nothing written."""
    wanted = list(wanted)
    contacts = Contact.objects.in_bulk({one.contact_id for one in wanted})
    return judged_among(wanted, contacts)


def judged_among(wanted: Sequence[Wanted], contacts: Mapping[int, Contact]) -> dict[Key, Outcome]:
    """The same of contacts that were read, and locked, already."""
    histories = _histories(wanted)
    return {(one.contact_id, one.field): _outcome(one, contacts.get(one.contact_id), histories) for one in wanted}


def _histories(wanted: Sequence[Wanted]) -> dict[Key, list[FieldChange]]:
    rows = FieldChange.objects.filter(
        contact_id__in={one.contact_id for one in wanted}, field__in={one.field for one in wanted}
    ).order_by("pk")
    found: dict[Key, list[FieldChange]] = defaultdict(list)
    for row in rows:
        found[row.contact_id, row.field].append(row)
    return found


def _outcome(one: Wanted, contact: Contact | None, histories: Mapping[Key, Sequence[FieldChange]]) -> Outcome:
    rows = histories.get((one.contact_id, one.field), ())
    ours = next((row.new for row in reversed(rows) if row.pk in one.changes), None)
    if contact is None:
        return Outcome(False, because="the contact is no longer there")
    if one.field == "email" or one.field.startswith("consent."):
        return Outcome(False, ours=ours, because="what somebody is recognised by, or agreed to, is put right by hand")
    history = [Written(row.writer, row.old, row.new, row.pk in one.changes) for row in rows]
    now = _held(contact, one.field)
    found = judge(history, now=now)
    if isinstance(found, Left):
        return Outcome(False, ours=ours, because=found.because)
    return Outcome(True, found.before, found.ours)


def _held(contact: Contact, name: str) -> Any:
    """As steps read it: a score without its fading."""
    if name == "score":
        return round(contact.score)
    return contact.lifecycle_stage if name == "lifecycle_stage" else contact.fields.get(name)
