"""RUN004: two workflows take in the same people at the same time and write to them on one channel (B5, K2)."""

from collections.abc import Iterator

from workflows.engine.spec import Step
from workflows.lint.check import Check
from workflows.lint.deeds import sends
from workflows.lint.finding import Place, Spot
from workflows.lint.overlap import all_hold
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """Said by the first by key. Rules that exclude each other, channels, and windows without a common day part them."""
    begun = set(_begun(workflow))
    later = [other for other in workspace.beside(workflow) if other.key > workflow.key and begun & set(_begun(other))]
    found = [
        (other, *meeting)
        for other in later
        if _same_people(workflow, other, workspace) and (meeting := next(_meeting(workflow, other, workspace), None))
    ]
    if found:
        first, mine, _, channel = found[0]
        shared = sorted(begun & set(_begun(first)))[0]
        names = list(dict.fromkeys(other.name for other, _, _, _ in found))
        others = names[0] if len(names) == 1 else f"{len(names)} other workflows"
        yield Spot(
            says=f"{workflow.name} and {others} both begin by {shared} and both write by {channel}",
            fix="Let one exclude the other by its entry rule, or join them; a limit only delays it",
            team=workflow.owner_of(mine),
            step=mine.key,
            path="action",
            also=tuple(Place(other.key, theirs.key) for other, _, theirs, _ in found),
        )


def _begun(workflow: Workflow) -> tuple[str, ...]:
    trigger = workflow.spec.trigger
    if trigger is None:
        return ()
    return trigger.of if trigger.kind == "event" else tuple(f"{trigger.kind} {one}" for one in trigger.of)


def _same_people(one: Workflow, other: Workflow, workspace: Workspace) -> bool:
    rules = [one.spec.entry.when, other.spec.entry.when]
    rules += [spec.trigger.where for spec in (one.spec, other.spec) if spec.trigger]
    return all_hold(rules, workspace.segment_rules)


def _meeting(one: Workflow, other: Workflow, workspace: Workspace) -> Iterator[tuple[Step, Step, str]]:
    for mine in one.acts():
        for theirs in other.acts():
            channel = _channel(mine, workspace)
            same = channel is not None and channel == _channel(theirs, workspace) and _same_time(mine, theirs)
            if channel and same and all_hold((mine.when, theirs.when), workspace.segment_rules):
                yield mine, theirs, channel


def _channel(step: Step, workspace: Workspace) -> str | None:
    if not sends(step):
        return None
    template = workspace.templates.get(str(step.arguments.get("template")))
    return template.channel if template else (step.system or "email")


def _same_time(one: Step, other: Step) -> bool:
    mine, theirs = one.guards.window, other.guards.window
    return not (mine and theirs) or bool(mine.days & theirs.days)


CHECK = Check("RUN004", "Overlapping entry", "warning", ("B5", "K2"), find, together=True)
