"""GRD006: consent is asked for one channel, and the message goes by another (requirement E4: for each channel)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    for step in workflow.acts():
        template = workspace.templates.get(str(step.arguments.get("template")))
        need = step.guards.consent
        if template and need and need.channel != template.channel:
            yield Spot(
                says=f"{step.name} asks for consent for {need.channel}, but {template.key} goes by {template.channel}",
                fix=f"Ask for consent for {template.channel}",
                team=workflow.owner_of(step),
                step=step.key,
                path="guards.consent",
            )


CHECK = Check("GRD006", "Consent for another channel", "error", ("E4", "D4"), find, maps=False)
