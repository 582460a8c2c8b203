"""What a decision asks for: things to be done, fields to be written, people to be asked, goals to be counted."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any

from martechops.lib.frozen import dataclass

#: Results are grouped by it, and an index takes no key of some kilobytes.
LONGEST_CAMPAIGN = 255

#: The step of effects that put right what a version did that was rolled back: none of its steps, so that its guards are
#: not asked, and being rolled back does not hold them. None of them is a message to anybody.
REPAIR = "$repair"


@dataclass(frozen=True, slots=True)
class PlannedEffect:
    """One thing to be done, not yet reserved; with a `refusal`, one that will not be done and why."""

    key: uuid.UUID
    step: str
    #: As the connectors know it: upsert_record, send_message, … (not always the name of the action).
    kind: str
    #: Key of the system it goes to; empty for what is done `inside`.
    system: str
    payload: Mapping[str, Any]
    #: Set by a `once_per` guard: no other effect with it may happen.
    once_key: str | None = None
    refusal: str | None = None
    #: A message outside its window is planned for the next opening; None: at once.
    not_before: datetime | None = None
    #: The team of which a person must let it go first: it is written as held, not as planned.
    hold_for: str | None = None
    #: Of the workflow; among messages that compete for a cap, the higher goes.
    priority: int = 50
    #: Done by the runtime itself (find_duplicates, propose_merge, refresh_reports, …), with no far side.
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Displaced:
    """A message that is planned and not sent, and must give way: it becomes suppressed, for this reason."""

    key: uuid.UUID
    because: str


@dataclass(frozen=True, slots=True)
class FieldWrite:
    """One field of the subject to be set."""

    step: str
    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class FieldRequest:
    """One field that a step may not set: what it wanted, and why not."""

    step: str
    field: str
    value: Any
    because: str
    #: Its owner can be asked to do it.
    may_ask: bool


@dataclass(frozen=True, slots=True)
class Goal:
    """A conversion to be counted once."""

    key: uuid.UUID
    name: str
    campaign: str
    at: datetime
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A person of a team is asked to say yes or no; the run waits at the step.

    Their answer comes back as `Cause("answer", answer="yes" | "no", by=…)`, the end of the time as a timer.
    """

    key: uuid.UUID
    step: str
    team: str
    says: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class PlannedHandoff:
    """Work passed from one team to another (requirement A10).

    Where it must be accepted the run waits at the step, and the answer comes back as
    `Cause("answer", answer="accepted" | "refused", by=…)`; elsewhere the run has gone on. Making it causes the
    internal event `$handoff`.
    """

    key: uuid.UUID
    step: str
    from_team: str
    to_team: str
    payload: Mapping[str, Any]
    due_at: datetime | None
    must_accept: bool


@dataclass(frozen=True, slots=True)
class PlannedAssignment:
    """The subject belongs to somebody now.

    With `due_at` the run waits at the step until they take it, `Cause("answer", answer="accepted" | "refused", …)`, and
    a timer asks for somebody else; `Cause.tried` then lists who was asked before. `desk` is where whose turn it is
    is kept (`snapshot.Desk`), and None where nobody's turn it was.
    """

    key: uuid.UUID
    step: str
    #: Key of the member of the roster, or what the account's owner is called.
    owner: str
    by: str
    desk: str | None
    due_at: datetime | None
    #: 1 for the first who is asked.
    number: int = 1


def effect_key(*, workflow: str, entry_key: str, step: str, part: str = "") -> uuid.UUID:
    """16 bytes that name one effect of one entry: deciding twice names the same effect (requirement D8).

    >>> effect_key(workflow="w", entry_key="contact:1#1", step="welcome") == effect_key(
    ...     workflow="w", entry_key="contact:1#1", step="welcome")
    True
    """
    text = "\0".join((workflow, entry_key, step, part))
    return uuid.UUID(bytes=blake2b(text.encode(), digest_size=16).digest())
