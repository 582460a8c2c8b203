"""RUN001: a step that no run comes to (requirement B5)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.ways import reachable
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, _workspace: Workspace) -> Iterator[Spot]:
    reached = reachable(workflow.spec)
    for step in workflow.spec.steps:
        if step.key not in reached:
            yield Spot(
                says=f"No way leads to {step.name}",
                fix="Let a branch lead to it, or take it out",
                team=workflow.owner_of(step),
                step=step.key,
            )


CHECK = Check("RUN001", "Step is never reached", "error", ("B5",), find)
