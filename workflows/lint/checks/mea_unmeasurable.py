"""MEA002: a criterion in words only, or about what there is not (requirements B7, B8)."""

from collections.abc import Iterator

from workflows.engine.conditions import did_you_mean
from workflows.engine.spec import Criterion, Moment
from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.measures import is_of_workflows
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """Events that there are not are REF001's."""
    for at, criterion in enumerate(workflow.spec.success):
        says = _objection(criterion, workflow, workspace)
        if says:
            yield Spot(
                says=f"{criterion.says or criterion.key}: {says}",
                fix="Say from and to and within what, or which metric reaches what",
                team=workflow.owner,
                path=f"success[{at}]",
            )


def _objection(criterion: Criterion, workflow: Workflow, workspace: Workspace) -> str | None:
    if criterion.metric:
        metric = workspace.metrics.get(criterion.metric)
        if metric is None:
            return f"there is no metric {criterion.metric}{did_you_mean(criterion.metric, workspace.metrics)}"
        if not is_of_workflows(metric, workspace):
            return f"{criterion.metric} is counted of what belongs to no workflow"
    for moment in (criterion.begins, criterion.ends):
        if moment and (says := _unknown(moment, workflow, workspace)):
            return says
    return None if criterion.is_measurable else "it cannot be measured"


def _unknown(moment: Moment, workflow: Workflow, workspace: Workspace) -> str | None:
    if moment.kind == "step" and moment.name not in workflow.spec.positions:
        return f"there is no step {moment.name}"
    if moment.kind == "stage" and moment.name not in workspace.stages:
        return f"there is no lifecycle stage {moment.name}"
    return None


CHECK = Check("MEA002", "Criterion cannot be measured", "error", ("B7", "B8"), find, maps=False)
