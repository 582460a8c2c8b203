"""RUN002: a wait that may never end, so that people stay in it for ever (requirement A7)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, _workspace: Workspace) -> Iterator[Spot]:
    """A date ends a wait only for those who have one."""
    for step in workflow.spec.steps:
        if step.kind == "wait" and (step.wait is None or step.wait.span is None):
            date = step.wait.date if step.wait else None
            asked = date is not None and _is_asked_on_entering(workflow, date)
            if not asked:
                missing = f": whoever has no {date} stays for ever" if date else ""
                yield Spot(
                    says=f"{step.name} has no end{missing}",
                    fix="Say for how long at most: wait: {for: 14 days, …}",
                    team=workflow.owner_of(step),
                    step=step.key,
                    path="wait.for",
                )


def _is_asked_on_entering(workflow: Workflow, path: str) -> bool:
    return bool(workflow.spec.entry.when and path in workflow.spec.entry.when.paths)


CHECK = Check("RUN002", "Wait without end", "error", ("A7",), find)
