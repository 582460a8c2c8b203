"""A mapping held against what really came in: what it makes of recent events, and how often each field is there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.engine.conditions import value_at
from workflows.engine.mapping import BadMapping, Mapped, compile_mapping
from workflows.models import Contact, InboundEvent, Source

from . import contacts, scores

#: Recent events that coverage is counted over, and of them those that are shown.
COUNTED, SHOWN = 200, 8


@dataclass(slots=True)
class Coverage:
    """One row of a mapping over the recent events."""

    source: str
    target: str
    present: int = 0
    violations: int = 0
    of: int = 0
    #: What is wrong with the first value that did not fit.
    example: str = ""

    @property
    def percent(self) -> int:
        return round(100 * self.present / self.of) if self.of else 0


@dataclass(frozen=True, slots=True)
class Example:
    """What the mapping makes of one event or contact."""

    label: str
    address: str
    mapped: Mapped


@dataclass(frozen=True, slots=True)
class Preview:
    """A mapping at work."""

    #: How many events or contacts were looked at.
    of: int = 0
    coverage: Sequence[Coverage] = ()
    examples: Sequence[Example] = ()
    #: Why it cannot be used at all, one problem a line.
    problems: Sequence[str] = ()
    #: "events" or "contacts".
    what: str = "events"


def preview(rows: Any, *, source: Source | None, at: datetime) -> Preview:
    """What these rows would make of recent events of a source (of all of them without one), or of recent contacts."""
    try:
        compiled = compile_mapping(key="rows", rows=rows if isinstance(rows, list) else [rows])
    except BadMapping as error:
        return Preview(problems=str(error).split("; "))
    of_contacts = any(row.source.startswith("contact.") for row in compiled.rows)
    found = _contacts(at) if of_contacts else _events(source)
    coverage = [Coverage(row.source, row.target, of=len(found)) for row in compiled.rows]
    examples = []
    for label, address, facts in found:
        mapped = compiled.apply(facts)
        _count(coverage, facts, mapped)
        examples.append(Example(label, address, mapped))
    what = "contacts" if of_contacts else "events"
    return Preview(of=len(found), coverage=coverage, examples=examples[:SHOWN], what=what)


def _count(coverage: Sequence[Coverage], facts: Mapping[str, Any], mapped: Mapped) -> None:
    wrong = dict(mapped.violations)
    for line in coverage:
        if value_at(facts, line.source) in (None, ""):
            continue
        line.present += 1
        if line.target in wrong:
            line.violations += 1
            line.example = line.example or wrong[line.target]


def _events(source: Source | None) -> list[tuple[str, str, dict[str, Any]]]:
    """Of the kinds that carry properties or traits, as `workflows.runtime.handle` shows them to a mapping."""
    rows = InboundEvent.objects.filter(type__in=["track", "identify"]).order_by("-pk")
    if source:
        rows = rows.filter(source_id=source.pk)
    return [(row.name or row.type.capitalize(), f"/events/{row.pk}/", facts_of_event(row)) for row in rows[:COUNTED]]


def facts_of_event(row: InboundEvent) -> dict[str, Any]:
    """An event as mappings and points see it."""
    parts = {part: row.body.get(part) or {} for part in ("properties", "traits", "context")}
    named = {"name": row.name, "type": row.type, "occurred_at": row.occurred_at.isoformat()}
    return {"event": {**named, "message_id": row.message_id, **parts}}


def _contacts(at: datetime) -> list[tuple[str, str, dict[str, Any]]]:
    rows = Contact.objects.order_by("-updated_at", "-pk")[:COUNTED]
    scoring = scores.compiled()
    return [
        (row.email or f"Contact {row.pk}", f"/contacts/{row.pk}/", contacts.facts_of(row, scoring=scoring, at=at))
        for row in rows
    ]
