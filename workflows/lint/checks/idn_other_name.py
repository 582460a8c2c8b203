"""IDN004: a standard identifier under another name, so that what belongs together is counted apart (requirement C9)."""

import re
from collections.abc import Iterator

from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace

#: How they are written here, and what else they are called.
STANDARD = {
    "utm_source": ("utmsource", "source_utm"),
    "utm_medium": ("utmmedium",),
    "utm_campaign": ("utmcampaign", "campaign_utm", "utm_campaign_name"),
    "utm_term": ("utmterm", "utm_keyword"),
    "utm_content": ("utmcontent",),
    "campaign_id": ("campaignid", "camp_id", "cid"),
    "email_campaign_id": ("emailcampaignid", "mail_campaign_id"),
    "crm_id": ("crmid", "salesforce_id", "hubspot_id"),
    "crm_lead_id": ("crmleadid", "leadid", "lead_id"),
    "crm_contact_id": ("crmcontactid",),
}
_BY_OTHER = {re.sub(r"\W|_", "", other): name for name, others in STANDARD.items() for other in (name, *others)}


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """In the events that begin it, and in the mappings that it uses."""
    for name in workflow.begun_by:
        event = workspace.event(name)
        for given in event.properties if event else ():
            if event and (standard := standard_of(given)):
                yield _spot(f"{event.name} calls {standard} {given}", given, standard, event.owner, "", "trigger")
    for step in workflow.acts():
        mapping = workspace.mappings.get(str(step.arguments.get("mapping")))
        for row in mapping.rows if mapping else ():
            given = str(row.get("to", ""))
            if mapping and (standard := standard_of(given)):
                says = f"Mapping {mapping.key} calls {standard} {given}"
                yield _spot(says, given, standard, mapping.owner, step.key, "with.mapping")


def standard_of(name: str) -> str | None:
    """The standard name of an identifier that is called otherwise; None for it itself and for what is none.

    >>> standard_of("utmCampaign"), standard_of("utm_campaign"), standard_of("plan")
    ('utm_campaign', None, None)
    """
    standard = _BY_OTHER.get(re.sub(r"\W|_", "", name).lower())
    return standard if standard != name else None


def _spot(says: str, given: str, standard: str, team: str, step: str, path: str) -> Spot:
    fix = f"Rename {given} to {standard}; the old name stays as an alias"
    return Spot(says=says, fix=fix, team=team, step=step, path=path)


CHECK = Check("IDN004", "Identifier under another name", "warning", ("C9", "J3"), find)
