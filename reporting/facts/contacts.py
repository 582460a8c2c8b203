"""Contacts, by what brought them: the UTM parameters that their fields hold now."""

from reporting.models import ContactFact
from workflows.models import Contact

from .channels import channel_of
from .fact import Fact, day, text
from .names import CAMPAIGN, STAGE, current

_SOURCE, _MEDIUM = text("r.fields->>'utm_source'"), text("r.fields->>'utm_medium'")

FACT = Fact(
    kind="contact",
    model=ContactFact,
    raw=Contact,
    columns={
        "id": "r.id",
        "created_at": "r.created_at",
        "stage": current(STAGE, "coalesce(r.lifecycle_stage, '')"),
        "source": _SOURCE,
        "medium": _MEDIUM,
        "campaign": current(CAMPAIGN, text("r.fields->>'utm_campaign'")),
        "channel": channel_of(source=f"lower({_SOURCE})", medium=f"lower({_MEDIUM})"),
    },
    daily=f"({day('f.created_at')}, 'leads', 0, 0)",
)
