"""RUN003: workflows that set each other off (requirement B5)."""

from collections.abc import Iterator, Mapping

from workflows.engine.spec import Step
from workflows.lint.check import Check
from workflows.lint.deeds import STAGE_FIELD, written
from workflows.lint.finding import Place, Spot
from workflows.lint.overlap import can_both_hold
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """The shortest way back to itself. Said once, by the workflow of the loop whose key comes first."""
    loop = _way_back(workflow, workspace.once(_links))
    if loop and workflow.key == min(key for key, _ in loop):
        called = {one.key: one.name for one in workspace.workflows}
        names = " → ".join(called[key] for key in [*(key for key, _ in loop), workflow.key])
        how = "each sets the next off, and the last one the first" if len(loop) > 1 else "it sets itself off"
        yield Spot(
            says=f"{names}: {how}",
            fix="Give one of them an entry rule that does not hold the second time, or an end",
            team=workflow.owner,
            step=loop[0][1],
            path="trigger",
            also=tuple(Place(key, step) for key, step in loop[1:]),
        )


#: workflow → (workflow that it sets off, the step that does)
Links = Mapping[str, list[tuple[str, str]]]


def _links(workspace: Workspace) -> Links:
    """Whoever can enter only once cannot go round."""
    begun = [one for one in workspace.workflows if one.spec.trigger and one.spec.entry.again and one.state != "frozen"]
    return {
        one.key: [
            (other.key, step.key)
            for other in begun
            if other.key == one.key or one.is_beside(other)
            for step in one.spec.steps
            if _sets_off(step, other, workspace)
        ]
        for one in workspace.workflows
    }


def _sets_off(step: Step, other: Workflow, workspace: Workspace) -> bool:
    trigger = other.spec.trigger
    if trigger is None:
        return False
    if trigger.kind == "stage" and step.action == "set_stage":
        return str(step.arguments.get("stage")) in trigger.of
    if trigger.kind == "field":
        return any(name in trigger.of for name in written(step)) and _changes(step, other)
    if trigger.kind == "handoff" and step.handoff:
        return step.handoff.to in trigger.of
    if trigger.kind == "segment":
        return _moves_into(step, trigger.of, workspace, leaving=trigger.on == "leave")
    return False


def _changes(step: Step, other: Workflow) -> bool:
    """Could the value that is written begin the other one?"""
    if step.action != "set_field":
        return True
    where = other.spec.trigger.where.document if other.spec.trigger and other.spec.trigger.where else None
    return can_both_hold({"event.properties.to": step.arguments.get("value")}, where)


def _moves_into(step: Step, keys: tuple[str, ...], workspace: Workspace, *, leaving: bool) -> bool:
    for key in keys:
        segment = workspace.segments.get(key)
        for name in written(step) if segment else ():
            value = step.arguments.get("stage" if name == STAGE_FIELD else "value")
            path = f"contact.{name}"
            if segment and path in segment.when:
                fits = can_both_hold({path: value}, {path: segment.when[path]}, segments=workspace.segment_rules)
                if fits != leaving:
                    return True
    return False


def _way_back(workflow: Workflow, links: Links) -> list[tuple[str, str]]:
    """The shortest loop through the workflow, as (workflow, step that sets the next off); empty if there is none."""
    waiting: list[tuple[str, list[tuple[str, str]]]] = [(workflow.key, [])]
    seen: set[str] = set()
    while waiting:
        key, way = waiting.pop(0)
        for following, step in links.get(key, []):
            if following == workflow.key:
                return [*way, (key, step)]
            if following not in seen:
                seen.add(following)
                waiting.append((following, [*way, (key, step)]))
    return []


CHECK = Check("RUN003", "Loop between workflows", "error", ("B5", "I1"), find, together=True)
