"""REF004: a message uses a field or a block that there is not, and so says nothing there (requirements K2, K3)."""

from collections.abc import Collection, Iterator

from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """Event properties may stand in a message too; they come with what began the run."""
    for step in workflow.acts():
        template = workspace.templates.get(str(step.arguments.get("template")))
        for path in template.used if template else ():
            group, _, name = path.partition(".")
            if template and group in _GROUPS and name not in _known(group, workspace):
                what, where = _GROUPS[group]
                yield Spot(
                    says=f"Message {template.key} uses {path}, and there is no {what} {name}",
                    fix=f"Correct the name in the message, or add {name} to {where}",
                    team=template.owner,
                    step=step.key,
                    path="with.template",
                )


#: What a path begins with: what that is, and where there are more of them.
_GROUPS = {"contact": ("field", "the field catalog"), "block": ("block", "the content blocks")}


def _known(group: str, workspace: Workspace) -> Collection[str]:
    return workspace.fields if group == "contact" else workspace.blocks


CHECK = Check("REF004", "Message uses an unknown field", "error", ("K2", "K3"), find, maps=False)
