"""IDN001: a record is created without looking for it, so that who comes again is there twice (requirements D6, H1)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.deeds import creates_blindly
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """The first such step; where it goes besides is IDN002's. Only maps can say so: what is offered here looks."""
    for step in workflow.acts():
        if creates_blindly(step):
            where = workspace.system_name(step.system) if step.system else "a system"
            yield Spot(
                says=f"{step.name} creates a record in {where} without looking for it by a unique key",
                fix="Create or update by e-mail address or CRM id: upsert_record",
                team=workflow.owner_of(step),
                step=step.key,
                path="action",
            )
            return


CHECK = Check("IDN001", "Record is created without looking for it", "error", ("D6", "H1", "H2"), find)
