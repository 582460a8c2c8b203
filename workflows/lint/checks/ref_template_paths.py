"""REF004: a message uses a field that is not in the catalog, and so says nothing there (requirements K2, K3)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """Event properties may stand in a message too; they come with what began the run."""
    for step in workflow.acts():
        template = workspace.templates.get(str(step.arguments.get("template")))
        for path in template.used if template else ():
            name = path.removeprefix("contact.")
            if template and path.startswith("contact.") and name not in workspace.fields:
                yield Spot(
                    says=f"Message {template.key} uses {path}, and there is no field {name}",
                    fix=f"Correct the name in the message, or add {name} to the field catalog",
                    team=template.owner,
                    step=step.key,
                    path="with.template",
                )


CHECK = Check("REF004", "Message uses an unknown field", "error", ("K2", "K3"), find, maps=False)
