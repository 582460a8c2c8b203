"""What stands of a version's writing: fields of contacts that still hold it, and what they held before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflows.engine.ours import Left, Written, judge
from workflows.models import Contact, FieldChange
from workflows.queries import stages_said
from workflows.queries.stages_said import Said

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
    """What became of it; `because` where it stays as it is, or is put back to something else than it held before."""

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
    found = {(one.contact_id, one.field): _outcome(one, contacts.get(one.contact_id), histories) for one in wanted}
    return found | _as_far_as_events_said(wanted, found, histories)


def _as_far_as_events_said(
    wanted: Sequence[Wanted], found: Mapping[Key, Outcome], histories: Mapping[Key, Sequence[FieldChange]]
) -> dict[Key, Outcome]:
    """Stages, where an event has said one since that what was written stood in the way of: who bought is a customer."""
    stages = [one for one in wanted if one.field == _STAGE and found[one.contact_id, _STAGE].restored]
    began = {
        one.contact_id: min(row.at for row in histories[one.contact_id, _STAGE] if row.pk in one.changes)
        for one in stages
    }
    said = stages_said.since(began)
    positions = stages_said.positions() if said else {}
    return {
        (contact_id, _STAGE): _further(found[contact_id, _STAGE], one, positions) for contact_id, one in said.items()
    }


def _further(outcome: Outcome, said: Said, positions: Mapping[str, int]) -> Outcome:
    if positions.get(outcome.before, -1) >= said.position:
        return outcome
    because = f"event {said.event} has said {said.stage} since"
    return Outcome(said.stage != outcome.ours, said.stage, outcome.ours, because)


_STAGE = "lifecycle_stage"


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
    return contact.lifecycle_stage if name == _STAGE else contact.fields.get(name)
