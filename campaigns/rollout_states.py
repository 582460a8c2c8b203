"""The states of a rollout and the verbs between them, as one table; whatever is not in it does not happen.

>>> after("running", "hold")
'held'
>>> [step.verb for step in possible("held")]
['promote', 'complete', 'go_on', 'roll_back', 'call_off']
>>> label("rolled_back")
'rolled back'
"""

from enum import StrEnum

from campaigns.transitions import Step, Table, WrongState, words

__all__ = [
    "CHOICES",
    "LABELS",
    "TRANSITIONS",
    "State",
    "Step",
    "WrongState",
    "after",
    "diagram",
    "label",
    "possible",
    "words",
]


class State(StrEnum):
    """Where a rollout stands."""

    SCHEDULED = "scheduled"
    RUNNING = "running"
    HELD = "held"
    DONE = "done"
    ROLLED_BACK = "rolled_back"
    CALLED_OFF = "called_off"


LABELS = {
    State.SCHEDULED: "Scheduled",
    State.RUNNING: "Running",
    State.HELD: "Held",
    State.DONE: "Done",
    State.ROLLED_BACK: "Rolled back",
    State.CALLED_OFF: "Called off",
}

#: For columns and forms.
CHOICES = [(state.value, label) for state, label in LABELS.items()]
#: A workflow has one of these at most.
OPEN = (State.SCHEDULED, State.RUNNING, State.HELD)
#: Somebody enters the candidate.
OUT = (State.RUNNING, State.HELD)


TRANSITIONS = (
    Step("begin", (State.SCHEDULED,), State.RUNNING, "Begin now", "The first stage gets the new version"),
    Step("promote", (State.RUNNING, State.HELD), State.RUNNING, "Promote", "The next stage gets it too"),
    Step("complete", (State.RUNNING, State.HELD), State.DONE, "Take live for all", "Everybody gets it"),
    Step("hold", (State.RUNNING,), State.HELD, "Hold", "Who has it keeps it; nothing promotes until somebody decides"),
    Step("go_on", (State.HELD,), State.RUNNING, "Go on", "The stage goes on, with its time counted anew"),
    Step(
        "roll_back",
        (State.RUNNING, State.HELD, State.DONE),
        State.ROLLED_BACK,
        "Roll back",
        "Nobody enters it, its runs stop, nothing of it is sent any more, and what it did is repaired",
    ),
    Step(
        "call_off",
        (State.SCHEDULED, State.RUNNING, State.HELD),
        State.CALLED_OFF,
        "Call off",
        "Nobody enters it any more; who is on its way finishes",
    ),
)


_TABLE = Table("A rollout", LABELS, TRANSITIONS)
after, possible, label = _TABLE.after, _TABLE.possible, _TABLE.label


def diagram() -> str:
    """The table as it is drawn in docs/rollouts.md."""
    ends = (State.DONE, State.ROLLED_BACK, State.CALLED_OFF)
    return _TABLE.diagram(first=(State.SCHEDULED, State.RUNNING), last=ends)
