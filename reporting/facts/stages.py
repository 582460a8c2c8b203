"""Stage changes, whoever made them."""

from reporting.models import StageFact
from workflows.models import FieldChange

from .fact import FROM_CONTACT, OF_CONTACT, Fact, day

FACT = Fact(
    kind="change",
    model=StageFact,
    raw=FieldChange,
    columns={
        "id": "r.id",
        "contact_id": "r.contact_id",
        "at": "r.at",
        "from_stage": "coalesce(r.old#>>'{}', '')",
        "to_stage": "coalesce(r.new#>>'{}', '')",
        **FROM_CONTACT,
    },
    joins=OF_CONTACT,
    where="r.field = 'lifecycle_stage'",
    daily=f"({day('f.at')}, 'stage ' || f.to_stage, 0, 0)",
)
