"""RUN006: the same task is created twice (requirements B5, D8)."""

from collections.abc import Iterator

from workflows.engine.spec import Step
from workflows.lint.check import Check
from workflows.lint.deeds import gives_task
from workflows.lint.finding import Place, Spot
from workflows.lint.overlap import all_hold
from workflows.lint.ways import before
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """One queue, by one event: twice on one way through a workflow, or in two workflows whose people overlap."""
    for step in workflow.acts():
        if not gives_task(step):
            continue
        twice = [Place(workflow.key, one.key) for one in _earlier(workflow, step, workspace)]
        twice += [Place(other.key, one.key) for other, one in _elsewhere(workflow, step, workspace)]
        if twice:
            yield Spot(
                says=f"{step.name} puts a task into {_queue(step)}, where {_first(twice, workspace)} puts one too",
                fix="Create the task in one place, and let the others lead there or only read it",
                team=workflow.owner_of(step),
                step=step.key,
                path="with.queue",
                also=tuple(twice),
            )


def _earlier(workflow: Workflow, step: Step, workspace: Workspace) -> list[Step]:
    earlier = before(workflow.spec, step.key)
    return [one for one in workflow.acts() if one.key in earlier and _same(one, step, workspace)]


def _elsewhere(workflow: Workflow, step: Step, workspace: Workspace) -> Iterator[tuple[Workflow, Step]]:
    for other in workspace.beside(workflow):
        if workflow.key < other.key and _meet(workflow, other, workspace):
            yield from ((other, one) for one in other.acts() if _same(one, step, workspace))


def _same(one: Step, other: Step, workspace: Workspace) -> bool:
    if not gives_task(one) or _queue(one) != _queue(other) or one.system != other.system:
        return False
    return all_hold((one.when, other.when), workspace.segment_rules)


def _meet(one: Workflow, other: Workflow, workspace: Workspace) -> bool:
    mine, theirs = one.spec.trigger, other.spec.trigger
    if mine is None or theirs is None or not set(mine.of) & set(theirs.of) or mine.kind != theirs.kind:
        return False
    rules = [one.spec.entry.when, other.spec.entry.when, mine.where, theirs.where]
    return all_hold(rules, workspace.segment_rules)


def _queue(step: Step) -> str:
    return str(step.arguments.get("queue") or step.system or "the tasks")


def _first(places: list[Place], workspace: Workspace) -> str:
    return workspace.place_name(places[0])


CHECK = Check("RUN006", "Same task is created twice", "error", ("B5", "D8"), find, together=True)
