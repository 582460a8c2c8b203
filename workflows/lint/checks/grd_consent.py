"""GRD001: a message is sent without asking for consent (requirements D4, E4, H6)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.deeds import sends
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """Only messages to contacts: a report to colleagues takes no consent. Only the guard asks again at the send."""
    if workflow.spec.subject != "contact":
        return
    for step in workflow.acts():
        template = workspace.templates.get(str(step.arguments.get("template")))
        channel = template.channel if template else "email"
        if sends(step) and channel != "chat" and not step.guards.consent:
            yield Spot(
                says=f"{step.name} does not ask whether the contact agreed to {channel}",
                fix=f"Add guards: {{consent: {channel}}} to the step",
                team=workflow.owner_of(step),
                step=step.key,
                path="guards.consent",
            )


CHECK = Check("GRD001", "Send without consent", "error", ("D4", "E4", "H6", "J4"), find)
