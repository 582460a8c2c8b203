"""NAM002: a campaign, a UTM value or a channel label that does not follow its convention (requirement C10)."""

from collections.abc import Iterator

from workflows.engine.conditions import Condition
from workflows.engine.spec import Step
from workflows.lint.check import Check
from workflows.lint.deeds import rules
from workflows.lint.finding import Spot
from workflows.lint.naming import objections
from workflows.lint.workspace import Workflow, Workspace

#: Which convention the values of a field follow.
SUBJECT_OF = {"utm_campaign": "campaign", "campaign": "campaign", "channel": "channel"} | dict.fromkeys(
    ("utm_source", "utm_medium", "utm_term", "utm_content"), "utm"
)


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """Wherever a workflow writes such a value or compares with one."""
    for step, path, name, value in _values(workflow):
        subject = SUBJECT_OF.get(name)
        for says in objections(value, subject, workspace) if subject else ():
            yield Spot(
                says=f"{value} does not follow the convention for {subject} names: {says}",
                fix="Write the name as the convention has it, in the link as well as here",
                team=_team(subject or "", workspace) or workflow.owner,
                step=step,
                path=path,
            )


def _values(workflow: Workflow) -> Iterator[tuple[str, str, str, str]]:
    spec = workflow.spec
    begins = spec.trigger.where if spec.trigger else None
    for path, rule in (("entry.when", spec.entry.when), ("trigger.where", begins)):
        for name, value in _compared(rule) if rule else ():
            yield "", path, name, value
    for step in spec.steps:
        for path, rule in rules(step):
            yield from ((step.key, path, name, value) for name, value in _compared(rule))
        yield from _written(step)


def _compared(rule: Condition) -> Iterator[tuple[str, str]]:
    for one in rule.comparisons:
        if one.operator in ("$eq", "$in"):
            for value in one.wanted if isinstance(one.wanted, list) else [one.wanted]:
                if isinstance(value, str):
                    yield one.path.rpartition(".")[2], value


def _written(step: Step) -> Iterator[tuple[str, str, str, str]]:
    value = step.arguments.get("value")
    if step.action == "set_field" and isinstance(value, str):
        yield step.key, "with.value", str(step.arguments.get("field")), value


def _team(subject: str, workspace: Workspace) -> str:
    return next((row.owner for row in workspace.conventions.values() if row.subject == subject), "")


CHECK = Check("NAM002", "Campaign or channel name against the convention", "warning", ("C10", "A11", "J3"), find)
