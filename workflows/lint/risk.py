"""Why a workflow is of the risk that it is: which steps, and which class of requirement D1 each is in.

The risk is computed from what a step does. A file can raise it and never lower it.
"""

from dataclasses import dataclass

from workflows.engine.action_kinds import ACTIONS, least_risk
from workflows.engine.spec import RISKS, Spec, Step

_CLASSES = {
    "create_task": "a task given to sales",
    "assign_owner": "a lead given to a salesperson",
    "set_stage": "a change of stage, which routing hangs on",
    "send_message": "a message to people",
    "call_webhook": "data sent to another program",
    "publish_content": "something published",
    "update_channels": "promotion changed",
    "distribute_report": "figures sent out",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One step that is of medium or high risk."""

    step: str
    name: str
    risk: str
    because: str


def because(step: Step) -> str:
    """The class that the step is in, in words."""
    least = least_risk(step.action, step.arguments)
    if RISKS.index(step.risk or "low") > RISKS.index(least):
        return "raised by its author"
    if step.action in ("set_field", "normalise_fields"):
        return "a field that compliance hangs on" if least == "high" else "a field that routing hangs on"
    if step.action == "create_task" and least != "high":
        return "a task given to support"
    action = ACTIONS.get(step.action or "")
    return _CLASSES.get(step.action or "", action.label.lower() if action else "what it does")


def reasons(spec: Spec) -> tuple[Reason, ...]:
    """Every step above low risk, the highest first."""
    found = [
        Reason(step=step.key, name=step.name, risk=step.computed_risk, because=because(step))
        for step in spec.steps
        if step.computed_risk != "low"
    ]
    return tuple(sorted(found, key=lambda reason: -RISKS.index(reason.risk)))
