"""What a batch is to write: gathered in memory while its events are handled."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workflows.engine.effects import Goal, PlannedEffect
from workflows.engine.scoring import Given

from .subjects import RunState


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a contact that got another value, and who wrote it: a system, an event type, a run's step."""

    contact_id: int
    field: str
    old: Any
    new: Any
    writer: str
    event_id: int | None = None
    run: RunState | None = None
    step: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """One statement for the ledger."""

    contact_id: int
    channel: str
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

    contact_id: int
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

    contact_id: int
    event_id: int | None
    detail: dict[str, Any]
    parts: tuple[Part, ...]


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
