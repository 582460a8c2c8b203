"""What a rehearsal showed: everything that would have been done, withheld, written and asked, in its order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from workflows.engine.internal import SubjectRef
from workflows.runtime.outcome import Account, Change, Consent
from workflows.runtime.subjects import RunState
from workflows.runtime.validate import Violation


@dataclass(slots=True)
class PlayedEffect:
    """One thing that would have been done at a far side, or was withheld. Changes until it is settled."""

    key: UUID
    subject: SubjectRef
    workflow: str
    #: Number of the workflow's version that decided it.
    version: int
    step: str
    kind: str
    system: str
    payload: Mapping[str, Any]
    run: RunState
    decided_at: datetime
    once_key: str | None = None
    #: "planned", "held", "done" or "suppressed", as those of the live ledger.
    state: str = "planned"
    reason: str = ""
    #: When it was done or withheld; for one that is still planned, when it is to be.
    at: datetime | None = None
    #: Of a message that was done: what the ledger said then of its channel; None: nothing.
    consent: str | None = None
    #: What was known of the contact when it was done.
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def channel(self) -> str:
        """Of a message; empty for whatever is none."""
        return str(self.payload.get("channel", ""))

    @property
    def is_message(self) -> bool:
        return self.kind == "send_message"


@dataclass(frozen=True, slots=True)
class Logged:
    """One thing that happened, and when: something came in and was decided on, changed, was said, or was settled."""

    at: datetime
    what: Account | Change | Consent | PlayedEffect | Violation


@dataclass(slots=True)
class Played:
    """The whole of it so far."""

    #: By their keys: the same effect decided twice is one.
    effects: dict[UUID, PlayedEffect] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    goals: list[tuple[RunState, str]] = field(default_factory=list)
    runs: dict[int, RunState] = field(default_factory=dict)
    #: Events that the catalog refuses, by their number in the story.
    held: list[Violation] = field(default_factory=list)
    #: Why, as the live trace has it.
    accounts: list[Account] = field(default_factory=list)
    #: Questions, hand-offs and owners: the run, the step, and whom it asks.
    asked: list[tuple[RunState, str, str]] = field(default_factory=list)
    #: All of it in its order.
    log: list[Logged] = field(default_factory=list)

    def of(self, workflow: str, step: str = "") -> Iterator[PlayedEffect]:
        """Effects of a workflow, or of one of its steps."""
        for effect in self.effects.values():
            if effect.workflow == workflow and step in ("", effect.step):
                yield effect

    def outcomes(self, workflow: str, step: str) -> list[tuple[str, str]]:
        """What a step came to each time it was reached, with its words: done, skipped, withheld, waits, …"""
        return [
            (one["outcome"], one["says"])
            for account in self.accounts
            for part, _ in account.parts
            if part["workflow"] == workflow
            for one in part["steps"]
            if one["step"] == step
        ]
