"""What comes of asking the engine: what is to be done for one run now, and why."""

from datetime import datetime

from martechops.lib.frozen import dataclass

from .conditions import Check
from .counterfactual.changes import Change
from .effects import (
    Displaced,
    FieldRequest,
    FieldWrite,
    Goal,
    PlannedAssignment,
    PlannedEffect,
    PlannedHandoff,
    Question,
)
from .guards import Verdict


class Undefined(Exception):
    """A step names a definition that is not there, or that cannot be used as it stands."""


@dataclass(frozen=True, slots=True)
class StepTrace:
    """What one step decided.

    done, skipped, withheld, held, waits, asks, hands-off, woke, answered, chose, stopped or failed.
    """

    step: str
    outcome: str
    says: str
    checks: tuple[Check, ...] = ()
    guards: tuple[Verdict, ...] = ()
    writes: tuple[FieldWrite, ...] = ()
    effect: PlannedEffect | None = None
    #: Of a step that was withheld: what would have let it act; None: nothing would have.
    needs: tuple[Change, ...] | None = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done for one run now."""

    #: waiting, done, stopped or failed.
    state: str
    #: The step it waits at or ended at.
    step: str
    reason: str
    trace: tuple[StepTrace, ...]
    effects: tuple[PlannedEffect, ...]
    writes: tuple[FieldWrite, ...]
    goals: tuple[Goal, ...]
    #: Writes that the fields' authority refused.
    requests: tuple[FieldRequest, ...] = ()
    #: For a run that waits: when its time is over (None: only an answer or an event moves it) and the event to wake it.
    due_at: datetime | None = None
    waits_for: str | None = None
    #: The cause did not move it: what it waits for, and its timer, stay as they are.
    stays: bool = False
    #: People to be asked, work passed on, owners given; the run may wait for their answers.
    questions: tuple[Question, ...] = ()
    handoffs: tuple[PlannedHandoff, ...] = ()
    assignments: tuple[PlannedAssignment, ...] = ()
    #: Messages of other runs that are planned and must give way.
    displaced: tuple[Displaced, ...] = ()
