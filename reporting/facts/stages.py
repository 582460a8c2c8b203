"""Stage changes, whoever made them."""

from reporting.models import StageFact
from workflows.models import FieldChange

from .fact import FROM_CONTACT, OF_CONTACT, Fact, day
from .names import STAGE, current

FACT = Fact(
    kind="change",
    model=StageFact,
    raw=FieldChange,
    columns={
        "id": "r.id",
        "contact_id": "r.contact_id",
        "at": "r.at",
        "from_stage": current(STAGE, "coalesce(r.old#>>'{}', '')"),
        "to_stage": current(STAGE, "coalesce(r.new#>>'{}', '')"),
        **FROM_CONTACT,
    },
    joins=OF_CONTACT,
    # A rename writes contacts anew: they are where they were.
    where="r.field = 'lifecycle_stage' AND r.writer NOT LIKE 'rename by %%'",
    daily=f"({day('f.at')}, 'stage ' || f.to_stage, 0, 0)",
)
