"""NAM001: an event whose name does not follow the convention (requirements A11, C10)."""

from collections.abc import Iterator

from workflows.engine.references import words
from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.naming import objections
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """Each name once, at the first place that uses it; what is not in the catalog at all is REF001's."""
    seen: set[str] = set()
    for ref in workflow.references:
        event = workspace.event(ref.key) if ref.kind == "event-type" else None
        if event is None or event.name in seen:
            continue
        seen.add(event.name)
        for says in objections(event.name, "event", workspace):
            step = workflow.step_at(ref.path)
            yield Spot(
                says=f"Event {event.name} does not follow the convention: {says}",
                fix="Rename it; its former name stays an alias, so that nothing that arrives is lost",
                team=event.owner,
                step=step.key if step else "",
                path=words(ref.path[2:] if step else ref.path),
            )


CHECK = Check("NAM001", "Event name against the convention", "warning", ("A11", "C10", "J8"), find)
