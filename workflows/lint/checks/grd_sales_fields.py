"""GRD003: a message goes out although the record lacks a field that sales needs to follow it up (requirement B6)."""

from collections.abc import Iterator

from workflows.engine.spec import Step
from workflows.lint.check import Check
from workflows.lint.deeds import is_for_sales, sends
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """Sales needs what the CRM mapping of the workflow requires, and what is handed to them."""
    wanted = needs(workflow, workspace)
    for step in workflow.acts() if any(is_for_sales(one) for one in workflow.spec.steps) else ():
        missing = [path for path in wanted if path not in _asked(workflow, step)] if sends(step) else []
        if missing:
            yield Spot(
                says=f"{step.name} goes out without {' and '.join(missing)}, which sales needs for the follow-up",
                fix=f"Add {', '.join(missing)} to guards.require",
                team=workflow.owner_of(step),
                step=step.key,
                path="guards.require",
            )


def needs(workflow: Workflow, workspace: Workspace) -> tuple[str, ...]:
    """Paths of what sales cannot do without."""
    found: list[str] = []
    for step in workflow.spec.steps:
        mapping = workspace.mappings.get(str(step.arguments.get("mapping")))
        found += [str(row.get("from")) for row in mapping.rows if row.get("required")] if mapping else []
        found += step.handoff.payload if step.handoff and is_for_sales(step) else ()
    return tuple(dict.fromkeys(path for path in found if path.startswith("contact.")))


def _asked(workflow: Workflow, step: Step) -> tuple[str, ...]:
    """At the send, or by a rule on entering."""
    entered = workflow.spec.entry.when.paths if workflow.spec.entry.when else ()
    return (*step.guards.require, *entered, *("contact.email" for one in step.guards.valid if one == "email"))


CHECK = Check("GRD003", "Send without what sales needs", "warning", ("B6", "D3"), find)
