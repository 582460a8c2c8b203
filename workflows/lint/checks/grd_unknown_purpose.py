"""GRD008: consent is asked for a purpose that nobody can agree to (requirements E4, D4)."""

from collections.abc import Iterator

from workflows.engine import consents
from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """A purpose is a field of the catalog: where there is none, no form and no event can have it granted."""
    for step in workflow.acts():
        need = step.guards.consent
        if need is None or not need.purpose or need.purpose == consents.GENERAL:
            continue
        field = f"consent.{consents.name(need.channel, need.purpose)}"
        if field not in workspace.fields:
            yield Spot(
                says=f"{step.name} asks for consent for {need}, and nobody can agree to that",
                fix=f"Make the field {field} and fill it in where people agree, or ask for {need.channel} as a whole",
                team=workflow.owner_of(step),
                step=step.key,
                path="guards.consent.purpose",
            )


CHECK = Check("GRD008", "Consent for an unknown purpose", "error", ("E4", "D4"), find, maps=False)
