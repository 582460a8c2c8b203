"""GRD004: nothing keeps a message from being sent again and again (requirements D3, D6)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.deeds import sends
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, _workspace: Workspace) -> Iterator[Spot]:
    """Once per contact, a limit of the step or of the workflow, or an entry once for ever: any of them will do."""
    spec = workflow.spec
    if spec.subject != "contact" or spec.limits or spec.entry.again is None:
        return
    for step in workflow.acts():
        if sends(step) and not step.guards.once_per and not step.guards.limit:
            yield Spot(
                says=f"{step.name} has no limit, and the workflow can be entered again",
                fix="Add guards: {once_per: contact} or a limit such as {at_most: 2, per: 7 days}",
                team=workflow.owner_of(step),
                step=step.key,
                path="guards.limit",
            )


CHECK = Check("GRD004", "Send without a limit", "warning", ("D3", "D6", "J4"), find, maps=False)
