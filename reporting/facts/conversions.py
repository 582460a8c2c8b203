"""Goals reached. Their campaign is the one that the contact had then, as the run wrote it down."""

from reporting.models import ConversionFact
from workflows.models import Conversion

from .fact import FROM_CONTACT, OF_CONTACT, Fact, day, text
from .names import CAMPAIGN, current

#: What no sum can hold is no worth.
_VALUE = "CASE WHEN abs(r.value) < 1e15 THEN r.value::numeric(20, 4) END"

FACT = Fact(
    kind="conversion",
    model=ConversionFact,
    raw=Conversion,
    columns={
        "id": "r.id",
        "contact_id": "r.contact_id",
        "at": "r.at",
        "name": "r.name",
        "workflow_id": "r.workflow_id",
        "run_id": "r.run_id",
        "value": _VALUE,
        "campaign": current(CAMPAIGN, text("r.campaign")),
        "channel": FROM_CONTACT["channel"],
    },
    joins=OF_CONTACT,
    daily=f"({day('f.at')}, 'conversions', f.workflow_id, coalesce(f.value, 0))",
)
