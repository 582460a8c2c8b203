"""RUN006: the same task is created twice (requirements B5, D8)."""

from collections.abc import Iterator

from workflows.engine.spec import Step
from workflows.lint.check import Check
from workflows.lint.deeds import gives_task
from workflows.lint.finding import Place, Spot
from workflows.lint.overlap import can_both_hold
from workflows.lint.ways import before
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """One queue, by one event: twice on one way through a workflow, or in two workflows whose people overlap."""
    for step in workflow.acts():
        if not gives_task(step):
            continue
        twice = [Place(workflow.key, one.key) for one in _earlier(workflow, step)]
        twice += [Place(other.key, one.key) for other, one in _elsewhere(workflow, step, workspace)]
        if twice:
            yield Spot(
                says=f"{step.name} puts a task into {_queue(step)}, where {_where(twice, workflow)} puts one too",
                fix="Create the task in one place, and let the others lead there or only read it",
                team=workflow.owner_of(step),
                step=step.key,
                path="with.queue",
                also=tuple(twice),
            )


def _earlier(workflow: Workflow, step: Step) -> list[Step]:
    earlier = before(workflow.spec, step.key)
    return [one for one in workflow.acts() if one.key in earlier and _same(one, step)]


def _elsewhere(workflow: Workflow, step: Step, workspace: Workspace) -> Iterator[tuple[Workflow, Step]]:
    for other in workspace.beside(workflow):
        if workflow.key < other.key and _meet(workflow, other):
            yield from ((other, one) for one in other.acts() if _same(one, step))


def _same(one: Step, other: Step) -> bool:
    if not gives_task(one) or _queue(one) != _queue(other) or one.system != other.system:
        return False
    return can_both_hold(*(step.when.document for step in (one, other) if step.when))


def _meet(one: Workflow, other: Workflow) -> bool:
    mine, theirs = one.spec.trigger, other.spec.trigger
    if mine is None or theirs is None or not set(mine.of) & set(theirs.of) or mine.kind != theirs.kind:
        return False
    rules = [one.spec.entry.when, other.spec.entry.when, mine.where, theirs.where]
    return can_both_hold(*(rule.document for rule in rules if rule))


def _queue(step: Step) -> str:
    return str(step.arguments.get("queue") or step.system or "the tasks")


def _where(places: list[Place], workflow: Workflow) -> str:
    first = places[0]
    return first.step if first.workflow == workflow.key else f"{first.workflow} ({first.step})"


CHECK = Check("RUN006", "Same task is created twice", "error", ("B5", "D8"), find, together=True)
