"""OWN001: a step that belongs to nobody (requirements B3, G2)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, _workspace: Workspace) -> Iterator[Spot]:
    for step in workflow.spec.steps:
        if not step.owner:
            yield Spot(
                says=f"{step.name} has no owner: when it goes wrong, nobody looks",
                fix="Name the team that owns the step",
                team=workflow.owner_of(step),
                step=step.key,
                path="owner",
            )


CHECK = Check("OWN001", "Step has no owner", "error", ("B3", "B5", "G2", "J1"), find)
