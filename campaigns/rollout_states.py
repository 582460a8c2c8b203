"""The states of a rollout and the verbs between them, as one table; whatever is not in it does not happen.

>>> after("running", "hold")
'held'
>>> [step.verb for step in possible("held")]
['promote', 'complete', 'go_on', 'roll_back', 'call_off']
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class Step:
    """One verb: from which states, to which, and what it does."""

    verb: str
    before: tuple[State, ...]
    to: State
    #: On its button; empty where only the controller does it.
    label: str
    says: str


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


class WrongState(Exception):
    """From where the rollout stands, that is no step; the message says which there are."""


def after(state: str, verb: str) -> State:
    """The state that the verb leads to. Raises WrongState."""
    step = next((step for step in possible(state) if step.verb == verb), None)
    if step is None:
        verbs = ", ".join(words(step.verb) for step in possible(state)) or "nothing more"
        raise WrongState(f"A rollout that is {label(state)} cannot {words(verb)}; it can {verbs}.")
    return step.to


def possible(state: str) -> Iterator[Step]:
    """The steps from a state, in the table's order."""
    return (step for step in TRANSITIONS if state in step.before)


def label(state: str) -> str:
    """
    >>> label("rolled_back")
    'rolled back'
    """
    return LABELS[State(state)].lower()


def words(verb: str) -> str:
    """
    >>> words("roll_back")
    'roll back'
    """
    return verb.replace("_", " ")


def diagram() -> str:
    """The table as a state diagram in Mermaid's words; docs/rollouts.md holds it, and a test holds them equal."""
    lines = ["stateDiagram-v2", "    [*] --> scheduled", "    [*] --> running"]
    lines += [f"    {before} --> {step.to}: {words(step.verb)}" for step in TRANSITIONS for before in step.before]
    return "\n".join([*lines, "    done --> [*]", "    rolled_back --> [*]", "    called_off --> [*]"])
