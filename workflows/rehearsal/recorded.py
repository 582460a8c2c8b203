"""What was recorded of contacts, for a replay: how each was, what happened, and what the ledger has of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from workflows.engine.snapshot import Sent
from workflows.runtime.claim import ClaimedEvent
from workflows.runtime.subjects import Person, RunState

#: What a run is called whatever its number is: its workflow, and its entry.
Entry = tuple[int, str]
#: In place of what a run waits for, until its version is at hand (`world.wakes`).
UNTOLD = "?"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One effect of the ledger."""

    key: UUID
    workflow_id: int
    version_id: int
    run_id: int
    step: str
    kind: str
    system: str
    channel: str
    once_key: str | None
    payload: Mapping[str, Any]
    state: str
    reason: str
    planned_at: datetime
    not_before: datetime
    #: When it was done, withheld or called off; None: it is still to come.
    acted_at: datetime | None

    @property
    def happened(self) -> bool:
        return self.state in ("reserved", "done", "uncertain", "failed")


@dataclass(frozen=True, slots=True)
class Handled:
    """An event, when it was handled, and whether it only told of an effect of ours."""

    event: ClaimedEvent
    at: datetime
    is_echo: bool


@dataclass(frozen=True, slots=True)
class Edit:
    """What somebody wrote into the contact by hand, or a system by the interface."""

    at: datetime
    field: str
    new: Any
    writer: str


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody answered to a run."""

    at: datetime
    entry: Entry
    step: str
    answer: str
    by: str
    note: str


@dataclass(slots=True)
class Story:
    """One contact: as it was when the window began, what happened, and what the ledger has of it."""

    person: Person
    happened: list[Handled | Edit | Said] = field(default_factory=list)
    ledger: dict[UUID, Recorded] = field(default_factory=dict)
    #: Messages of before with the number of their workflow.
    sent: list[tuple[int, Sent]] = field(default_factory=list)
    #: Those of them that were on their way when the window began, and what became of them.
    under_way: list[Recorded] = field(default_factory=list)
    #: Run and the instant its timer was set for → when it rang.
    rang: dict[tuple[Entry, str], datetime] = field(default_factory=dict)
    #: Runs by their numbers.
    entries: dict[int, Entry] = field(default_factory=dict)
    #: What could not be taken back: one of `engine.replays.EXCEPTIONS`, and in words.
    missing: list[tuple[str, str]] = field(default_factory=list)

    @property
    def events(self) -> int:
        return sum(1 for one in self.happened if isinstance(one, Handled))

    def met(self) -> Person:
        """The contact as it was, for one world: nothing of it is shared with another."""
        person = self.person
        return replace(
            person,
            runs=[replace(run) for run in person.runs],
            fields=dict(person.fields),
            changed=False,
        )


def is_untold(run: RunState) -> bool:
    """Is it not known yet what it waits for?"""
    return run.waits_for == UNTOLD
