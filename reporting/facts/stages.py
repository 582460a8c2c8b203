"""Stage changes, whoever made them."""

from reporting.models import StageFact
from workflows.models import ContactChange

from .fact import FROM_CONTACT, OF_CONTACT, Fact, day
from .names import STAGE, current

FACT = Fact(
    kind="change",
    model=StageFact,
    raw=ContactChange,
    columns={
        "id": "r.id",
        "contact_id": "r.contact_id",
        "at": "r.at",
        "from_stage": current(STAGE, "coalesce(r.pairs ->> (2 * r.stage_at), '')"),
        "to_stage": current(STAGE, "coalesce(r.pairs ->> (2 * r.stage_at + 1), '')"),
        **FROM_CONTACT,
    },
    joins=OF_CONTACT,
    # A rename writes contacts anew: they are where they were.
    where="r.stage_at IS NOT NULL AND r.writer NOT LIKE 'rename by %%'",
    daily=f"({day('f.at')}, 'stage ' || f.to_stage, 0, 0)",
)
