"""The states of a campaign and the verbs between them, as one table; whatever is not in it does not happen.

>>> str(after("draft", "submit"))
'in_review'
>>> [step.verb for step in possible("live")]
['pause', 'end']
>>> label("in_review")
'in review'
"""

from enum import StrEnum

from campaigns.transitions import Step, Table, WrongState

__all__ = ["LABELS", "TRANSITIONS", "State", "Step", "WrongState", "after", "diagram", "label", "possible"]


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
    Step(
        "renew",
        (State.PAUSED,),
        State.PAUSED,
        "Ask for approval again",
        "What was agreed to has run out or was changed; once it is agreed to anew, it can go on",
        "campaigns.edit",
    ),
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


_TABLE = Table("A campaign", LABELS, TRANSITIONS)
after, possible, label = _TABLE.after, _TABLE.possible, _TABLE.label


def diagram() -> str:
    """The table as it is drawn in docs/campaigns.md."""
    return _TABLE.diagram(first=(State.DRAFT,), last=(State.ARCHIVED,))
