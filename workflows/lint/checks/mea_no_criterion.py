"""MEA001: nobody says what done means (requirement B7)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, _workspace: Workspace) -> Iterator[Spot]:
    if not workflow.spec.success:
        yield Spot(
            says=f"{workflow.name} has no success criterion, so nobody can tell whether it works",
            fix="Say what done means, with a span or a metric, under success",
            team=workflow.owner,
            path="success",
        )


CHECK = Check("MEA001", "No success criterion", "warning", ("B7",), find, maps=False)
