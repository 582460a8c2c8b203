"""Event types taken from a tracking plan or from JSON Schemas, and given out as such."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from martechops.people.models import Team, User
from workflows.engine.tracking_plan import Planned
from workflows.models import EventType

from . import definitions


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a plan, by name."""

    added: Sequence[str]
    changed: Sequence[str]
    same: Sequence[str]


@transaction.atomic
def take(planned: Sequence[Planned], *, owner: Team, by: User | str, at: datetime) -> Taken:
    """Add what is new as drafts of `owner`, and change what is there: all of it or nothing.

    A meaning that the plan leaves out stays. Raises what `definitions.save` raises.
    """
    known = {row.name: row for row in EventType.objects.filter(name__in=[event.name for event in planned])}
    added, changed, same = [], [], []
    for event in planned:
        row, schema = known.get(event.name), dict(event.schema) or {"type": "object"}
        if row is None:
            row = EventType(name=event.name, meaning=event.meaning or event.name, owner=owner, schema=schema)
            definitions.save(row, by=by, at=at, note="From a tracking plan")
            added.append(event.name)
        elif row.schema == schema and event.meaning in ("", row.meaning):
            same.append(event.name)
        else:
            row.schema, row.meaning = schema, event.meaning or row.meaning
            definitions.save(row, by=by, at=at, note="From a tracking plan")
            changed.append(event.name)
    return Taken(added, changed, same)


def planned() -> list[Planned]:
    """The catalog as a plan."""
    return [Planned(row.name, row.meaning, row.schema) for row in EventType.objects.order_by("name")]
