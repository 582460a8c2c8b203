"""What has states says in one table which verbs lead from where to where; whatever is not in it does not happen.

>>> class Door(StrEnum):
...     OPEN = "open"
...     SHUT = "shut"
>>> shut = Step("pull_to", (Door.OPEN,), Door.SHUT, "Shut", "Nobody comes in")
>>> table = Table("A door", {Door.OPEN: "Open", Door.SHUT: "Shut"}, (shut,))
>>> str(table.after("open", "pull_to")), [step.verb for step in table.possible("shut")]
('shut', [])
>>> table.after("shut", "pull_to")
Traceback (most recent call last):
    ...
campaigns.transitions.WrongState: A door that is shut cannot pull to; it can nothing more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

State = TypeVar("State", bound=StrEnum)


class WrongState(Exception):
    """From where the thing stands, that is no step; the message says which there are."""


@dataclass(frozen=True, slots=True)
class Step(Generic[State]):
    """One verb: from which states, to which, and what it takes."""

    verb: str
    before: tuple[State, ...]
    to: State
    #: On its button; empty where no person does it.
    label: str
    #: What it does, for the button's title and the documentation.
    says: str
    #: The rule of `people.permissions`; empty where the verbs of the thing share one, or no person does it by hand.
    action: str = ""


@dataclass(frozen=True, slots=True)
class Table(Generic[State]):
    """All states of one kind of thing, with their names, and all steps between them."""

    #: What has the states, as a sentence begins with it: "A campaign".
    noun: str
    labels: Mapping[State, str]
    steps: tuple[Step[State], ...]

    def after(self, state: str, verb: str) -> State:
        """The state that the verb leads to. Raises WrongState."""
        step = next((step for step in self.possible(state) if step.verb == verb), None)
        if step is None:
            verbs = ", ".join(words(step.verb) for step in self.possible(state)) or "nothing more"
            raise WrongState(f"{self.noun} that is {self.label(state)} cannot {words(verb)}; it can {verbs}.")
        return step.to

    def possible(self, state: str) -> Iterator[Step[State]]:
        """The steps from a state, in the table's order."""
        return (step for step in self.steps if state in step.before)

    def label(self, state: str) -> str:
        """Its name within a sentence."""
        return next(name for known, name in self.labels.items() if known == state).lower()

    def diagram(self, *, first: tuple[State, ...], last: tuple[State, ...]) -> str:
        """As a state diagram in Mermaid's words; the documentation holds it, and a test holds them equal."""
        lines = ["stateDiagram-v2", *(f"    [*] --> {state}" for state in first)]
        lines += [f"    {before} --> {step.to}: {words(step.verb)}" for step in self.steps for before in step.before]
        return "\n".join([*lines, *(f"    {state} --> [*]" for state in last)])


def words(verb: str) -> str:
    """
    >>> words("roll_back")
    'roll back'
    """
    return verb.replace("_", " ")
