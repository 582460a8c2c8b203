"""OWN004: a step in a stage that its owner does not answer for (requirements G1, I1)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """A stage that nobody answers for yet is open to all; who is no team is OWN002's."""
    for step in workflow.acts():
        answering = [duty.team for duty in workspace.duties if duty.stage == step.stage]
        if step.owner in workspace.teams and answering and step.owner not in answering:
            teams, owner = [workspace.team_name(team) for team in answering], workspace.team_name(step.owner)
            yield Spot(
                says=f"{step.name} is in {step.stage}, which belongs to {' and '.join(teams)}, not to {owner}",
                fix=f"Give the step to {' or '.join(teams)}, or give {owner} a part in {step.stage}",
                team=step.owner,
                step=step.key,
                path="owner",
            )


CHECK = Check("OWN004", "Owner does not answer for the stage", "warning", ("G1", "I1"), find, maps=False)
