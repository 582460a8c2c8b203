"""REF001: an event that the catalog does not know (requirements F3, J8)."""

from collections.abc import Iterator

from workflows.engine.references import words
from workflows.engine.triggers import INTERNAL
from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """What begins a step is people's words; what begins a workflow, ends a wait or a criterion is an event's name."""
    for ref in workflow.references:
        if ref.kind != "event-type" or ref.key in INTERNAL or (ref.path[0] == "steps" and ref.path[2] == "trigger"):
            continue
        if workspace.event(ref.key) is None:
            step = workflow.step_at(ref.path)
            yield Spot(
                says=f"{ref.key} is not in the event catalog, so it never arrives",
                fix="Add it to the catalog with its meaning and its properties, or name an event that is there",
                team=workflow.owner_of(step) if step else workflow.owner,
                step=step.key if step else "",
                path=words(ref.path[2:] if step else ref.path),
            )


CHECK = Check("REF001", "Event is not in the catalog", "error", ("F3", "B5", "J8"), find)
