"""DAT005: automation above low risk rests on a definition that is still a draft (requirement I3)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.deeds import STAGE_FIELD, rules
from workflows.lint.finding import Spot
from workflows.lint.workspace import STABLE, Workflow, Workspace

#: What it is called, its key, its status, its owner.
Used = tuple[str, str, str, str]


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    if workflow.spec.risk == "low":
        return
    for kind, key, status, owner in dict.fromkeys(_used(workflow, workspace)):
        if status not in STABLE:
            yield Spot(
                says=f"{kind.capitalize()} {key} is still a draft, and {workflow.name} is of {workflow.spec.risk} risk",
                fix=f"Let {workspace.team_name(owner)} agree to {key} before this goes live",
                team=owner,
            )


def _used(workflow: Workflow, workspace: Workspace) -> Iterator[Used]:
    for name in _events(workflow):
        if event := workspace.event(name):
            yield "event type", event.name, event.status, event.owner
    for ref in workflow.references:
        if ref.kind == "segment" and (segment := workspace.segments.get(ref.key)):
            yield "segment", ref.key, segment.status, segment.owner
    for key in _fields(workflow):
        if field := workspace.fields.get(key):
            yield "field", key, field.status, field.authority.owner
    for step in workflow.acts():
        if stage := workspace.stages.get(str(step.arguments.get("stage"))):
            yield "stage", stage.key, stage.status, stage.owner


def _events(workflow: Workflow) -> Iterator[str]:
    yield from workflow.spec.trigger.names if workflow.spec.trigger else ()
    for step in workflow.spec.steps:
        if step.wait and step.wait.event:
            yield step.wait.event


def _fields(workflow: Workflow) -> Iterator[str]:
    spec = workflow.spec
    asked = [rule for rule in (spec.entry.when, spec.trigger.where if spec.trigger else None) if rule]
    asked += [rule for step in spec.steps for _, rule in rules(step)]
    for path in (path for rule in asked for path in rule.paths if path.startswith("contact.")):
        yield path.removeprefix("contact.")
    for step in workflow.acts():
        yield from (name for name in workflow.writes(step) if name != STAGE_FIELD)


CHECK = Check("DAT005", "Rests on an unstable definition", "error", ("I3",), find, maps=False)
