"""LNT002: a finding is ignored without a reason, or one is that there is not."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, _workspace: Workspace) -> Iterator[Spot]:
    """What is ignored although nothing is found there, the harness adds: only it knows what was found."""
    for one in workflow.ignored:
        if not one.because:
            yield Spot(
                says=f"{one.code} is ignored, and nobody says why",
                fix="Say because: the reason, so that whoever comes next need not ask; without one it is not ignored",
                team=workflow.owner,
                step=one.step,
                path="lint.ignore",
            )


CHECK = Check("LNT002", "Ignored without need or reason", "advice", (), find)
