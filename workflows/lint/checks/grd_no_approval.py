"""GRD005: what is of high risk happens without anybody having agreed to it (requirements D1, D2, D3)."""

from collections.abc import Iterator

from workflows.engine.spec import Step
from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.risk import because
from workflows.lint.ways import always_before
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, _workspace: Workspace) -> Iterator[Spot]:
    """Agreed each time, by a guard or a step that no way leaves out; or once for the version, by the teams it names."""
    if workflow.spec.approvers:
        return
    for step in workflow.spec.steps:
        if step.computed_risk == "high" and not _is_approved(workflow, step):
            yield Spot(
                says=f"{step.name} is of high risk ({because(step)}), and nobody has to agree to it",
                fix="Name the teams that must agree to each version (approvers), or add an approve step before it",
                team=workflow.owner_of(step),
                step=step.key,
                path="guards.approval",
            )


def _is_approved(workflow: Workflow, step: Step) -> bool:
    if step.guards.approval is not None or step.kind == "approve":
        return True
    return any(workflow.spec.step(key).kind == "approve" for key in always_before(workflow.spec, step.key))


CHECK = Check("GRD005", "High risk without approval", "error", ("D1", "D2", "D3", "J4"), find, maps=False)
