"""MAP004: a map on which nothing begins the work (requirement B5: missing triggers)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, _workspace: Workspace) -> Iterator[Spot]:
    """What runs cannot be saved without a trigger: there LNT001 says so."""
    if workflow.documented and workflow.spec.trigger is None:
        yield Spot(
            says=f"Nothing says what begins {workflow.name}",
            fix="Name the event, the date or the person that sets it off as its trigger",
            team=workflow.owner,
            path="trigger",
        )


CHECK = Check("MAP004", "Nothing begins it", "error", ("A1", "B5"), find)
