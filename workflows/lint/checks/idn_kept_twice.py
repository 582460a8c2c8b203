"""IDN002: the same person is put into two systems, each with a record of its own (requirements A10, C8, H1)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.deeds import copies, creates_blindly, keeps_record
from workflows.lint.finding import Place, Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """A copy that follows by a mapping keeps in step, and is none; one that is created beside the first does not."""
    records = [step for step in workflow.acts() if keeps_record(step)]
    first = records[0] if records else None
    for step in records[1:]:
        if first and step.system != first.system and (copies(step) or creates_blindly(step)):
            again = workspace.system_name(step.system)
            yield Spot(
                says=f"The same person is entered in {workspace.system_name(first.system)} and again in {again}",
                fix=f"Choose one system of record, and fill {step.system} from it by a mapping",
                team=workflow.owner_of(step),
                step=step.key,
                path="system",
                also=(Place(workflow.key, first.key),),
            )


CHECK = Check("IDN002", "One person is kept in two systems", "error", ("A10", "C8", "H1"), find)
