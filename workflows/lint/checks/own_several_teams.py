"""OWN003: several teams do the same thing: each waits for the other, or mends what the other did (requirement B5)."""

from collections.abc import Iterator

from workflows.engine.spec import Step
from workflows.lint.check import Check
from workflows.lint.deeds import gives_task, sends, written
from workflows.lint.finding import Place, Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """Said once, by the workflow whose key comes first."""
    for step in workflow.acts():
        same = _the_same(step)
        doing = workspace.once(_doing).get(same, []) if same else []
        others = [(other, one) for other, one in doing if workflow.is_beside(other) and one.owner != step.owner]
        if same and others and all(workflow.key < other.key for other, _ in others):
            owners = sorted(workspace.team_name(one) for one in {step.owner, *(theirs.owner for _, theirs in others)})
            yield Spot(
                says=f"{' and '.join(owners)} both {same[0].replace('_', ' ')} ({same[2] or same[1]})",
                fix="Settle which team does it, and take the step out of the other workflow",
                team=workflow.owner_of(step),
                step=step.key,
                path="owner",
                also=tuple(Place(other.key, theirs.key) for other, theirs in others),
            )


def _doing(workspace: Workspace) -> dict[tuple[str, str, str], list[tuple[Workflow, Step]]]:
    """Who does each thing."""
    found: dict[tuple[str, str, str], list[tuple[Workflow, Step]]] = {}
    for workflow in workspace.workflows:
        for step in workflow.acts():
            if same := _the_same(step):
                found.setdefault(same, []).append((workflow, step))
    return found


def _the_same(step: Step) -> tuple[str, str, str] | None:
    """What the step does, by which two steps are one and the same; None where another check speaks of it."""
    if not step.action or not step.owner or not step.system or written(step) or gives_task(step) or sends(step):
        return None
    named = next((str(step.arguments[name]) for name in _NAMES if step.arguments.get(name)), "")
    return (step.action, step.system, named) if named else None


_NAMES = ("mapping", "audience", "report", "reports", "path", "channels", "record")

CHECK = Check("OWN003", "Several teams do the same thing", "warning", ("B5",), find, together=True)
