"""The states of a campaign and the verbs between them, as one table; whatever is not in it does not happen.

>>> str(after("draft", "submit"))
'in_review'
>>> [step.verb for step in possible("live")]
['pause', 'end']
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    LIVE = "live"
    PAUSED = "paused"
    ENDED = "ended"
    CANCELLED = "cancelled"
    ARCHIVED = "archived"


LABELS = {
    State.DRAFT: "Draft",
    State.IN_REVIEW: "In review",
    State.APPROVED: "Approved",
    State.SCHEDULED: "Scheduled",
    State.LIVE: "Live",
    State.PAUSED: "Paused",
    State.ENDED: "Ended",
    State.CANCELLED: "Cancelled",
    State.ARCHIVED: "Archived",
}
#: Only here may what a campaign is be changed: in review it is read-only, and later it is what was approved.
EDITABLE = frozenset({State.DRAFT})
#: It has not gone live yet.
BEFORE_START = frozenset({State.DRAFT, State.IN_REVIEW, State.APPROVED, State.SCHEDULED})
#: From here it can still reach people.
UNDER_WAY = frozenset({State.SCHEDULED, State.LIVE, State.PAUSED})


@dataclass(frozen=True, slots=True)
class Step:
    """One verb: from which states, to which, and what it takes."""

    verb: str
    before: tuple[State, ...]
    to: State
    #: On its button.
    label: str
    #: What it does, for the button's title and the documentation.
    says: str
    #: The rule of `people.permissions`; empty where no person does it by hand, but what the approvals come to.
    action: str = ""


TRANSITIONS = (
    Step("submit", (State.DRAFT,), State.IN_REVIEW, "Ask for approval", "Read-only until decided", "campaigns.edit"),
    Step("approve", (State.IN_REVIEW,), State.APPROVED, "Approve", "Every section has the approvals that it needs"),
    Step(
        "return",
        (State.IN_REVIEW, State.APPROVED, State.SCHEDULED),
        State.DRAFT,
        "Back to draft",
        "To be changed; it is approved anew afterwards",
        "campaigns.edit",
    ),
    Step(
        "schedule",
        (State.APPROVED,),
        State.SCHEDULED,
        "Schedule",
        "Starts by itself when its time comes",
        "campaigns.launch",
    ),
    Step(
        "hold",
        (State.SCHEDULED,),
        State.APPROVED,
        "Do not start by itself",
        "Approved as before, and started by hand or scheduled anew",
        "campaigns.stop",
    ),
    Step(
        "start", (State.APPROVED, State.SCHEDULED), State.LIVE, "Start now", "Its workflows go live", "campaigns.launch"
    ),
    Step("pause", (State.LIVE,), State.PAUSED, "Pause", "Nobody enters its workflows any more", "campaigns.stop"),
    Step("resume", (State.PAUSED,), State.LIVE, "Go on", "Its workflows take people in again", "campaigns.launch"),
    Step("end", (State.LIVE, State.PAUSED), State.ENDED, "End", "For good: nobody enters any more", "campaigns.stop"),
    Step(
        "cancel",
        (State.DRAFT, State.IN_REVIEW, State.APPROVED, State.SCHEDULED),
        State.CANCELLED,
        "Cancel",
        "It will not take place",
        "campaigns.edit",
    ),
    Step(
        "archive",
        (State.ENDED, State.CANCELLED),
        State.ARCHIVED,
        "Archive",
        "What it was and what came of it is kept for good",
        "campaigns.edit",
    ),
)


class WrongState(Exception):
    """From where the campaign stands, that is no step; the message says which there are."""


def after(state: str, verb: str) -> State:
    """The state that the verb leads to. Raises WrongState."""
    step = next((step for step in possible(state) if step.verb == verb), None)
    if step is None:
        verbs = ", ".join(step.verb for step in possible(state)) or "nothing more"
        raise WrongState(f"What is {label(state)} cannot {verb}; it can {verbs}.")
    return step.to


def possible(state: str) -> Iterator[Step]:
    """The steps from a state, in the table's order."""
    return (step for step in TRANSITIONS if state in step.before)


def label(state: str) -> str:
    """
    >>> label("in_review")
    'in review'
    """
    return LABELS[State(state)].lower()


def diagram() -> str:
    """The table as a state diagram in Mermaid's words; docs/campaigns.md holds it, and a test holds them equal."""
    lines = ["stateDiagram-v2", "    [*] --> draft"]
    lines += [f"    {before} --> {step.to}: {step.verb}" for step in TRANSITIONS for before in step.before]
    return "\n".join([*lines, f"    {State.ARCHIVED} --> [*]"])
