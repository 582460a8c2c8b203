"""MAP001: a step that does not say all of trigger, system, action and output (requirement B3; the owner is OWN001)."""

from collections.abc import Iterator

from workflows.engine.spec import Step
from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, _workspace: Workspace) -> Iterator[Spot]:
    """A step without a rule acts always, which is a rule. The first step begins by the workflow's trigger."""
    for at, step in enumerate(workflow.spec.steps):
        missing = [name for name, is_there in _fields(workflow, step, first=at == 0) if not is_there]
        if missing:
            yield Spot(
                says=f"{step.name} does not say its {' and '.join(missing)}",
                fix=f"Write down {', '.join(missing)} of the step",
                team=workflow.owner_of(step),
                step=step.key,
                path=missing[0],
            )


def _fields(workflow: Workflow, step: Step, *, first: bool) -> list[tuple[str, bool]]:
    fields = [
        ("trigger", bool(step.trigger or (first and workflow.spec.trigger))),
        ("output", bool(step.output)),
    ]
    if step.kind == "act":
        fields += [("system", bool(step.system)), ("action", bool(step.action))]
    return fields


CHECK = Check("MAP001", "Step is not fully mapped", "error", ("B3", "J1"), find)
