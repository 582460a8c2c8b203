"""LNT001: the file says what cannot be used."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, _workspace: Workspace) -> Iterator[Spot]:
    """Each at its place; what could be read besides is checked all the same."""
    for path, says in workflow.problems:
        step = _step(workflow, path)
        yield Spot(
            says=f"{path or 'The file'} {says}",
            fix="Correct the file at that place",
            team=workflow.owner,
            step=step,
            path=path.partition("].")[2] if step else path,
        )


def _step(workflow: Workflow, path: str) -> str:
    number = path.partition("steps[")[2].partition("]")[0] if path.startswith("steps[") else ""
    steps = workflow.spec.steps
    return steps[int(number)].key if number.isdigit() and int(number) < len(steps) else ""


CHECK = Check("LNT001", "File cannot be used", "error", ("A1", "B3"), find)
