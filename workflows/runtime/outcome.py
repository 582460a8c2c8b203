"""What a batch is to write: gathered in memory while its events are handled."""

from dataclasses import field, replace
from datetime import datetime
from typing import Any

from martechops.lib.frozen import dataclass
from workflows.engine import explain
from workflows.engine.effects import Displaced, Goal, PlannedAssignment, PlannedEffect, PlannedHandoff, Question
from workflows.engine.internal import SubjectRef
from workflows.engine.scoring import Given

from .subjects import RunState


@dataclass(frozen=True, slots=True)
class Change:
    """One field that got another value, and who wrote it: a system, an event type, a run's step."""

    subject: SubjectRef
    field: str
    old: Any
    new: Any
    writer: str
    event_id: int | None = None
    run: RunState | None = None
    step: str = ""
    #: How many internal events led to it.
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Consent:
    """One statement for the ledger."""

    contact_id: int
    channel: str
    purpose: str
    state: str
    at: datetime
    event_id: int
    text_version: str


@dataclass(frozen=True, slots=True)
class Points:
    """What a scoring rule gave for one event; fading begins when it happened."""

    contact_id: int
    event_id: int
    given: Given
    at: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """One value that was refused for want of authority, and who was to have it written."""

    #: None for what is no contact: only fields of contacts have owners to ask.
    contact_id: int | None
    field: str
    value: Any
    writer: str
    because: str
    #: The team to ask; None where there is nobody to ask.
    owner_id: int | None
    event_id: int | None = None
    run: RunState | None = None

    def document(self) -> dict[str, Any]:
        """As the trace keeps it."""
        return {
            "field": self.field,
            "value": self.value,
            "writer": self.writer,
            "because": self.because,
            "asked": self.owner_id is not None,
        }


#: One workflow's part of an account, and its run; None where the contact did not enter.
Part = tuple[dict[str, Any], RunState | None]


@dataclass(frozen=True, slots=True)
class Account:
    """What one cause led to, for the trace; `parts` get the id of their run when it has one."""

    subject: SubjectRef
    event_id: int | None
    detail: dict[str, Any]
    parts: tuple[Part, ...]

    def told(self) -> "Account":
        """With the names that are left out where it is kept."""
        parts = tuple([(explain.told_part(part), run) for part, run in self.parts])
        return replace(self, detail=explain.told(self.detail), parts=parts)


@dataclass(slots=True)
class Outcome:
    """Everything that a batch is to write."""

    changes: list[Change] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    points: list[Points] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    effects: list[tuple[RunState, PlannedEffect]] = field(default_factory=list)
    goals: list[tuple[RunState, Goal]] = field(default_factory=list)
    questions: list[tuple[RunState, Question]] = field(default_factory=list)
    #: With how many internal events led to each.
    handoffs: list[tuple[RunState, PlannedHandoff, int]] = field(default_factory=list)
    assignments: list[tuple[RunState, PlannedAssignment]] = field(default_factory=list)
    displaced: list[Displaced] = field(default_factory=list)
    #: Runs whose time was over at a step that waited for people.
    lapsed: list[RunState] = field(default_factory=list)
    #: Contact → how many internal events led to what happened to it, at most.
    depths: dict[int, int] = field(default_factory=dict)

    def deepest(self, ref: SubjectRef, depth: int) -> None:
        """Something happened to a subject, so many internal events after the first cause."""
        if ref.contact_id is not None:
            self.depths[ref.contact_id] = max(depth, self.depths.get(ref.contact_id, 0))
