"""LNT001: the file says what cannot be used."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace

_ELSEWHERE = "there is no segment"


def find(workflow: Workflow, _workspace: Workspace) -> Iterator[Spot]:
    """Each at its place; what could be read besides is checked all the same. An unknown segment is REF003's."""
    for path, says in workflow.problems:
        if says.startswith(_ELSEWHERE):
            continue
        step, rest = workflow.split(path)
        yield Spot(
            says=f"{path or 'The file'} {says}",
            fix="Correct the file at that place",
            team=workflow.owner,
            step=step.key if step else "",
            path=rest,
        )


CHECK = Check("LNT001", "File cannot be used", "error", ("A1", "B3"), find)
