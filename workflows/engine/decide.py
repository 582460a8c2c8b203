"""One subject, one version, one cause: what happens now, and why.

A run goes from step to step until it waits, stops or is through. Each step leaves a `StepTrace` with the values that
decided it, so that the explanation is the execution itself and not a second opinion. What each kind of step does is in
`ways`, what each action does in `acts`.
"""

from datetime import datetime

from . import ways
from .conditions import ConditionError
from .decision import Decision, StepTrace, Undefined
from .guards import terms
from .snapshot import Catalog, Cause, Snapshot
from .spec import Spec, Step
from .walk import Walk

__all__ = ["Decision", "StepTrace", "Undefined", "decide"]


def decide(
    spec: Spec,
    *,
    catalog: Catalog,
    snapshot: Snapshot,
    entry_key: str,
    waiting_at: str | None,
    cause: Cause,
    at: datetime,
) -> Decision:
    """Take a run from its entry (`waiting_at` None), or from the step it waits at, as far as it goes now.

    One that was moved here from another version does nothing twice: `Cause.done` says what it did there.
    """
    walk = Walk(
        spec=spec,
        catalog=catalog,
        snapshot=snapshot,
        entry_key=entry_key,
        cause=cause,
        at=at,
        facts=snapshot.facts(event=cause.event, at=at),
        sent=snapshot.sent,
        terms=terms(spec, catalog=catalog, snapshot=snapshot),
    )
    position, been = 0, cause.done | cause.denied
    if waiting_at is not None:
        position = spec.positions[waiting_at]
        outcome = position if cause.kind == "arrival" else _guarded(walk, spec.steps[position], ways.WOKEN, position)
        if isinstance(outcome, Decision):
            return outcome
        position = outcome
    while position < len(spec.steps):
        table = ways.AGAIN if spec.steps[position].key in been else ways.KINDS
        outcome = _guarded(walk, spec.steps[position], table, position)
        if isinstance(outcome, Decision):
            return outcome
        position = outcome
    return walk.end("done", walk.trace[-1].step if walk.trace else spec.steps[-1].key)


def _guarded(walk: Walk, step: Step, table: ways.Table, position: int) -> Decision | int:
    """What a step decides: the end of this turn, or the position of the next step. Its own fault ends its own run."""
    try:
        return table[step.kind](walk, step, position)
    except Undefined as error:
        reason = f"step {step.key} cannot be done: {error}"
        walk.note(step, "failed", reason)
    except ConditionError as error:
        reason = f"the rule of step {step.key} cannot be answered: {error}"
        walk.note(step, "failed", reason, step.when.explain(walk.facts) if step.when else ())
    return walk.end("failed", step.key, reason)
