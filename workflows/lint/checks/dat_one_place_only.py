"""DAT004: a status is updated here, but not where the others read it (requirement B6)."""

from collections.abc import Iterator

from workflows.engine.spec import Step
from workflows.lint.check import Check
from workflows.lint.deeds import STAGE_FIELD
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """A written field must reach its system of record: by setting the stage there, or by a record with that field."""
    for step in workflow.acts():
        for name in workflow.writes(step):
            field = workspace.fields.get(name)
            system = workspace.systems.get(field.authority.system) if field else None
            if field and system and system.connector and not _arrives(workflow, workspace, step, name, system.key):
                missing = f"no step brings it to {system.name}, where it is read"
                yield Spot(
                    says=f"{step.name} updates contact.{name} here, and {missing}",
                    fix=f"Add a step that updates the record in {system.key} with contact.{name}",
                    team=workflow.owner_of(step),
                    step=step.key,
                    path="action",
                )


def _arrives(workflow: Workflow, workspace: Workspace, step: Step, name: str, system: str) -> bool:
    if name == STAGE_FIELD and step.action == "set_stage" and step.system == system:
        return True
    everyone = (workflow, *workspace.beside(workflow))
    return any(_brings(one, workspace, name, system) for other in everyone for one in other.acts())


def _brings(step: Step, workspace: Workspace, name: str, system: str) -> bool:
    if step.action != "upsert_record" or step.system != system:
        return False
    mapping = workspace.mappings.get(str(step.arguments.get("mapping")))
    return mapping is not None and any(row.get("from") == f"contact.{name}" for row in mapping.rows)


CHECK = Check("DAT004", "Updated in one place, not in another", "warning", ("B6", "C8"), find, maps=False)
