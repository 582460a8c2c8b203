"""RUN009: sales is called whatever stage the lead is in, while the stage is settled elsewhere (requirement H1)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.deeds import is_for_sales, knows_stage
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """The stage must be asked for or set at the step, before it, or by what begins the workflow."""
    if workflow.spec.subject != "contact" or _begins_by_a_stage(workflow, workspace):
        return
    for step in workflow.acts():
        if is_for_sales(step) and not knows_stage(workflow.spec, step):
            yield Spot(
                says=f"{step.name} does not know the lifecycle stage, so sales and nurture go by different pictures",
                fix="Set or ask for contact.lifecycle_stage before it, in the same workflow",
                team=workflow.owner_of(step),
                step=step.key,
                path="when",
            )


def _begins_by_a_stage(workflow: Workflow, workspace: Workspace) -> bool:
    """Does every event that begins it settle the stage? Not of a map: nothing settles anything by the catalog there."""
    events = [workspace.event(name) for name in workflow.begun_by]
    return not workflow.documented and bool(events) and all(event and event.stage_effect for event in events)


CHECK = Check("RUN009", "Sales task out of step with the stage", "error", ("H1", "B6", "C7"), find)
