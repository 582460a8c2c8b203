"""DAT003: a write to a field that the step has no authority over (requirements C7, C8, I1)."""

from collections.abc import Iterator

from workflows.engine.authority import Refused, Writer, verdict
from workflows.engine.spec import Step
from workflows.lint.check import Check
from workflows.lint.deeds import STAGE_FIELD
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """By the same verdict that is given when it runs; what engage does to enrich is DAT002's."""
    for step in workflow.acts():
        for name in workflow.writes(step):
            says = _objection(workflow, workspace, step, name)
            if says:
                yield Spot(
                    says=says,
                    fix="Write it where it is maintained, or let the step ask its owner for the change",
                    team=workspace.owner_of_field(name) or workflow.owner_of(step),
                    step=step.key,
                    path="action",
                )


def _objection(workflow: Workflow, workspace: Workspace, step: Step, name: str) -> str | None:
    field = workspace.fields.get(name)
    if field is None:
        return f"{step.name} writes contact.{name}, which is not in the field catalog"
    home = workspace.system_name(field.authority.system)
    if name == STAGE_FIELD and step.system and step.system != field.authority.system:
        return (
            f"{step.name} sets contact.{name} in {workspace.system_name(step.system)}, but it is maintained in {home}"
        )
    if step.stage == "engage" and "enrich" in field.authority.written_in:
        return None
    writer = Writer("step", workflow.key, stage=step.stage)
    answer = verdict(field.authority, name=name, writer=writer)
    return f"{step.name}: {answer.because}" if isinstance(answer, Refused) else None


CHECK = Check("DAT003", "Write outside authority", "error", ("C7", "C8", "I1"), find, maps=False)
