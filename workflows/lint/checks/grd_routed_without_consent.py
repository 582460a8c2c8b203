"""GRD007: a lead is routed to sales although nobody asked for consent (requirement H6)."""

from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.deeds import asks_consent, is_for_sales
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, _workspace: Workspace) -> Iterator[Spot]:
    """At the step, at one before it, or on entering."""
    if workflow.spec.subject != "contact":
        return
    for step in workflow.spec.steps:
        if is_for_sales(step) and not asks_consent(workflow.spec, step):
            yield Spot(
                says=f"{step.name} routes to sales, and nothing before it asks for consent",
                fix="Stop before it when consent is missing: stop with when: {contact.consent.email: {$ne: granted}}",
                team=workflow.owner_of(step),
                step=step.key,
                path="guards.consent",
            )


CHECK = Check("GRD007", "Routed without consent", "warning", ("H6", "D4"), find, maps=False)
