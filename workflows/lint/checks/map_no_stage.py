"""MAP002: a step that belongs to none of the four stages (requirement C1)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, _workspace: Workspace) -> Iterator[Spot]:
    """Waits and forks stand where the step before them does."""
    for step in workflow.acts():
        if step.stage is None:
            yield Spot(
                says=f"{step.name} belongs to no stage, so nobody can tell what it may write",
                fix="Say stage: capture, enrich, engage or measure",
                team=workflow.owner_of(step),
                step=step.key,
                path="stage",
            )


CHECK = Check("MAP002", "Step belongs to no stage", "error", ("C1",), find)
