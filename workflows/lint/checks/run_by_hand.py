"""RUN010: a step that somebody does by hand (requirements A10, H1)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.deeds import is_by_hand
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, _workspace: Workspace) -> Iterator[Spot]:
    """By what its name, its trigger or its action says: by hand, manual, retyped."""
    for step in workflow.acts():
        if is_by_hand(step):
            measured = "figures that are mended once are wrong the next time" if step.stage == "measure" else ""
            yield Spot(
                says=f"{step.name} is done by hand" + (f": {measured}" if measured else ""),
                fix="Let a step do it by one definition, and mend the cause where the data enters",
                team=workflow.owner_of(step),
                step=step.key,
                path="action",
            )


CHECK = Check("RUN010", "Step is done by hand", "warning", ("A10", "H1", "F9"), find)
