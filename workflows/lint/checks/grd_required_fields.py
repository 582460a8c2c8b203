"""GRD002: a message is sent without asking for the fields that it needs (requirements D3, H4)."""

from collections.abc import Iterator

from workflows.engine.spec import Step
from workflows.lint.check import Check
from workflows.lint.deeds import sends
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace

#: The address of each channel; what is not listed finds its receiver by itself.
_ADDRESS = {"email": "contact.email", "sms": "contact.phone"}


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """The address, and every field that stands in the text without a default and outside any `if`."""
    if workflow.spec.subject != "contact":
        return
    for step in workflow.acts():
        missing = [path for path in _needed(step, workspace) if path not in _asked(step)] if sends(step) else []
        if missing:
            yield Spot(
                says=f"{step.name} does not ask for {' and '.join(missing)}, which the message needs",
                fix=f"Add {', '.join(missing)} to guards.require, or give the text a default",
                team=workflow.owner_of(step),
                step=step.key,
                path="guards.require",
            )


def _needed(step: Step, workspace: Workspace) -> list[str]:
    template = workspace.templates.get(str(step.arguments.get("template")))
    channel = template.channel if template else "email"
    address = (_ADDRESS[channel],) if channel in _ADDRESS else ()
    used = tuple(path for path in template.needed if path.startswith("contact.")) if template else ()
    return list(dict.fromkeys((*address, *used)))


def _asked(step: Step) -> tuple[str, ...]:
    return (*step.guards.require, *("contact.email" for one in step.guards.valid if one == "email"))


CHECK = Check("GRD002", "Send without required fields", "error", ("D3", "D4", "H4", "J4"), find)
