"""Forms that were sent by somebody who was known already: each would have been one more record of the same person."""

from reporting.models import DuplicateFact
from workflows.models import Trace

from .fact import FROM_CONTACT, OF_CONTACT, Fact, day
from .touches import BODY

FACT = Fact(
    kind="trace",
    model=DuplicateFact,
    raw=Trace,
    columns={
        "id": "r.id",
        "event_id": "e.id",
        "contact_id": "r.contact_id",
        "at": "e.occurred_at",
        **FROM_CONTACT,
    },
    joins=f"{BODY} {OF_CONTACT}",
    where=(
        "r.contact_id IS NOT NULL AND r.detail#>>'{contact,found}' = 'known' "
        "AND j.b#>>'{properties,form_id}' IS NOT NULL"
    ),
    daily=f"({day('f.at')}, 'duplicate contact', 0, 0)",
)
