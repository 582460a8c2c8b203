"""MAP003: a step of which nobody says how long it may take (requirement A7)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, _workspace: Workspace) -> Iterator[Spot]:
    """A task's deadline counts as well."""
    for step in workflow.acts():
        if step.expected is None and not step.arguments.get("due"):
            yield Spot(
                says=f"{step.name} has no expected duration, so nobody can tell when it is late",
                fix="Say how long it may take, such as expected: 1 minute",
                team=workflow.owner_of(step),
                step=step.key,
                path="expected",
            )


CHECK = Check("MAP003", "Step has no expected duration", "advice", ("A7",), find, maps=False)
