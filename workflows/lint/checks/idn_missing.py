"""IDN003: an identifier is missing: the key of a record, or the campaign that a conversion counts for (C9, D6)."""

from collections.abc import Iterator

from workflows.engine.spec import Step
from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace

#: What a record in a CRM is found by.
KEYS = ("email", "crm_id", "crm_lead_id", "crm_contact_id", "user_id")
CAMPAIGN = ("utm_campaign", "campaign_id", "email_campaign_id")


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    for step in workflow.acts():
        yield from _record_without_key(workflow, workspace, step)
        if step.action == "record_conversion" and not set(CAMPAIGN) & set(workspace.fields):
            yield Spot(
                says=f"{step.name} counts for no campaign: there is no field {' or '.join(CAMPAIGN[:2])}",
                fix="Add utm_campaign to the field catalog, and map it from the form",
                team=workflow.owner_of(step),
                step=step.key,
            )


def _record_without_key(workflow: Workflow, workspace: Workspace, step: Step) -> Iterator[Spot]:
    mapping = workspace.mappings.get(str(step.arguments.get("mapping")))
    if step.action != "upsert_record" or mapping is None:
        return
    keys = [row for row in mapping.rows if str(row.get("to")) in KEYS]
    if not keys:
        yield Spot(
            says=f"Mapping {mapping.key} brings no unique key, so {step.system} cannot tell who it is",
            fix="Add a required row for email or the CRM id",
            team=mapping.owner,
            step=step.key,
            path="with.mapping",
        )
    elif not any(row.get("required") for row in keys):
        yield Spot(
            says=f"Mapping {mapping.key} lets its unique key be empty",
            fix=f"Make the row of {keys[0].get('to')} required",
            team=mapping.owner,
            step=step.key,
            path="with.mapping",
        )


CHECK = Check("IDN003", "Identifier is missing", "error", ("C9", "D6", "J3"), find, maps=False)
