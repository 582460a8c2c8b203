"""Points held against what one contact really did, before they are anybody's score."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from workflows.engine.scoring import Score, Scoring
from workflows.models import Contact, InboundEvent, Trace

from . import mappings

#: Newest events of a contact that are looked at, and of them those that are shown.
LOOKED_AT, SHOWN = 500, 12


@dataclass(frozen=True, slots=True)
class Line:
    """Points that one event would bring, and what would be left of them now."""

    event_id: int
    event: str
    says: str
    points: int
    left: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Trial:
    """One contact's score by some rules, and by the rules of today over the same events."""

    score: int
    today: int
    of: int
    lines: Sequence[Line]


def trial(contact: Contact, *, wanted: Scoring, today: Scoring, at: datetime) -> Trial:
    """What the contact's events bring by `wanted`, and by the rules of today. Two queries."""
    rows = _events(contact)
    lines = [line for row in rows for line in _lines(row, wanted, at)]
    return Trial(
        score=round(sum(line.left for line in lines)),
        today=round(sum(line.left for row in rows for line in _lines(row, today, at))),
        of=len(rows),
        lines=lines[:SHOWN],
    )


def _events(contact: Contact) -> list[InboundEvent]:
    ids = Trace.objects.filter(contact_id=contact.pk, event_id__isnull=False).order_by("-pk")
    known = [event_id for event_id in ids.values_list("event_id", flat=True)[:LOOKED_AT] if event_id]
    return list(InboundEvent.objects.filter(pk__in=known).order_by("-occurred_at", "-pk"))


def _lines(row: InboundEvent, scoring: Scoring, at: datetime) -> list[Line]:
    given = scoring.given(mappings.facts_of_event(row)["event"])
    return [
        Line(
            event_id=row.pk,
            event=row.name or row.type.capitalize(),
            says=one.says,
            points=one.points,
            left=scoring.left(Score(one.points, row.occurred_at), at=at),
            at=row.occurred_at,
        )
        for one in given
    ]
