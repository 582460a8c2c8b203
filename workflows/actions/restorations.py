"""Fields of contacts put back to what they held before a version wrote them, where nobody has written since.

The compare and the swap are one: contacts are locked as every writer locks them, and the history is read under the
lock. What is put back is written with the authority of the step that it undoes, and where that step may not write the
field any more, nor may this. It tells no workflow: undoing a mistake is no news that something should begin by. Who is
in which watched segment is kept right all the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workflows.actions import field_changes, memberships
from workflows.actions.field_changes import Changed
from workflows.engine.authority import Refused, Writer, verdict
from workflows.engine.spec import Spec
from workflows.models import Contact, Trace
from workflows.queries import authorities
from workflows.queries.restorations import Key, Outcome, Wanted, judged_among

_COLUMNS = ("lifecycle_stage", "score")


@dataclass(frozen=True, slots=True)
class Because:
    """Who puts it back, what they undo, and the words for it in the contact's story."""

    #: The named part of the system that stands in the history, such as `repair-7`.
    writer: str
    spec: Spec
    says: str


def put_back(wanted: Iterable[Wanted], *, because: Because, at: datetime) -> dict[Key, Outcome]:
    """What may be put back is; call inside a transaction. Locks the contacts in the order of their ids."""
    wanted = list(wanted)
    ids = {one.contact_id for one in wanted}
    locked = {row.pk: row for row in Contact.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
    found = judged_among(wanted, locked)
    fields = {row.key: authorities.of(row) for row in authorities.fields(sorted({one.field for one in wanted}))}
    batch = _Batch(because, at)
    for one in wanted:
        outcome = found[one.contact_id, one.field]
        if not outcome.restored:
            continue
        stage = because.spec.step(one.step).stage if one.step in because.spec.positions else None
        allowed = verdict(fields.get(one.field), name=one.field, writer=Writer("step", because.spec.key, stage=stage))
        if isinstance(allowed, Refused):
            found[one.contact_id, one.field] = Outcome(False, outcome.before, outcome.ours, allowed.because)
            continue
        batch.give(locked[one.contact_id], one, outcome)
    batch.save()
    return found


@dataclass(slots=True)
class _Batch:
    """Contacts as they become, and the account of it."""

    because: Because
    at: datetime
    contacts: dict[int, Contact] = field(default_factory=dict)
    changes: list[Changed] = field(default_factory=list)

    def give(self, contact: Contact, one: Wanted, outcome: Outcome) -> None:
        name, value = one.field, outcome.before
        if name == "score":
            contact.score, contact.scored_at = float(value or 0), self.at
        elif name in _COLUMNS:
            setattr(contact, name, value)
        elif value is None:
            contact.fields.pop(name, None)
        else:
            contact.fields[name] = value
        contact.updated_at = self.at
        self.contacts[contact.pk] = contact
        self.changes.append(
            Changed(
                contact_id=contact.pk,
                field=name,
                old=outcome.ours,
                new=value,
                writer=self.because.writer,
                run_id=one.run_id,
                step=one.step,
            )
        )

    def save(self) -> None:
        if not self.changes:
            return
        columns = ["lifecycle_stage", "score", "scored_at", "fields", "updated_at"]
        Contact.objects.bulk_update(self.contacts.values(), columns)
        field_changes.write(self.changes, at=self.at)
        Trace.objects.bulk_create(self._accounts())
        if rules := memberships.watched():
            memberships.notice(sorted(self.contacts), rules=rules, at=self.at)  # and nobody is told

    def _accounts(self) -> list[Trace]:
        by_contact: dict[int, list[Changed]] = defaultdict(list)
        for change in self.changes:
            by_contact[change.contact_id].append(change)
        return [
            Trace(contact_id=contact_id, at=self.at, detail=self._account(changes))
            for contact_id, changes in sorted(by_contact.items())
        ]

    def _account(self, changes: Sequence[Changed]) -> dict[str, Any]:
        told = [{"field": row.field, "old": row.old, "new": row.new, "why": row.writer} for row in changes]
        return {"cause": {"kind": "repair", "name": self.because.says}, "changes": told, "workflows": []}
