"""MEA003: a step that no success criterion needs (requirement B8: against overbuilding)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.measures import served
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """Where there is no criterion that can be measured, MEA001 and MEA002 speak first."""
    spec = workflow.spec
    if not any(criterion.is_measurable for criterion in spec.success):
        return
    needed = served(spec, workspace)
    for step in workflow.acts():
        if step.key not in needed:
            yield Spot(
                says=f"{step.name} serves no success criterion",
                fix="Say which one it serves (serves: [key]), add the criterion that is missing, or take the step out",
                team=workflow.owner_of(step),
                step=step.key,
                path="serves",
            )


CHECK = Check("MEA003", "Step serves no criterion", "warning", ("B8",), find, maps=False)
