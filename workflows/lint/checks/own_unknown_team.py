"""OWN002: an owner, an approver or a receiver that is no team (requirement B3)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    for step, path, team in _named(workflow):
        if team and team not in workspace.teams:
            yield Spot(
                says=f"{team} is no team",
                fix=f"Name one of {', '.join(sorted(workspace.teams))}" if workspace.teams else "Make the team first",
                team=workflow.owner if workflow.owner in workspace.teams else "",
                step=step,
                path=path,
            )


def _named(workflow: Workflow) -> Iterator[tuple[str, str, str]]:
    yield "", "owner", workflow.spec.owner
    for step in workflow.spec.steps:
        yield step.key, "owner", step.owner
        yield step.key, "approve.team", step.approve.team if step.approve else ""
        yield step.key, "handoff.to", step.handoff.to if step.handoff else ""
        yield step.key, "guards.approval", step.guards.approval or ""


CHECK = Check("OWN002", "Owner is no team", "error", ("B3", "G1"), find)
