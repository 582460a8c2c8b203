"""DAT002: a step of engagement writes what enrichment owns (requirement C6)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """While it runs, the write is refused and becomes a change request."""
    for step in workflow.acts():
        for name in workflow.writes(step):
            field = workspace.fields.get(name)
            stages = field.authority.written_in if field else ()
            if step.stage == "engage" and "enrich" in stages and "engage" not in stages:
                yield Spot(
                    says=f"{step.name} is in engage and writes contact.{name}, which is written in enrich",
                    fix="Move the write to a step of enrich, before what is sent",
                    team=workflow.owner_of(step),
                    step=step.key,
                    path="stage",
                )


CHECK = Check("DAT002", "Engage writes what enrich owns", "error", ("C6", "I1"), find)
