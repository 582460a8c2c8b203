"""Deals: what a contact asks for or buys, as events say it that carry a worth.

Several events may tell of the same deal, under one `deal_id`: each is a row, and the view shows the newest.
"""

from reporting.models import DealFact
from workflows.models import Trace

from .fact import FROM_CONTACT, OF_CONTACT, Fact, text
from .names import EVENT, current
from .touches import BODY

_VALUE = "j.b#>>'{properties,value}'"
#: A number as JSON has it, that a sum can hold.
_IS_WORTH = f"jsonb_typeof(j.b#>'{{properties,value}}') = 'number' AND length({_VALUE}) < 20"

FACT = Fact(
    kind="trace",
    model=DealFact,
    raw=Trace,
    columns={
        "id": "r.id",
        "event_id": "e.id",
        "contact_id": "r.contact_id",
        "at": "e.occurred_at",
        "event": current(EVENT, "e.name"),
        "deal": text("j.b#>>'{properties,deal_id}'"),
        "value": f"CASE WHEN {_IS_WORTH} AND abs(({_VALUE})::numeric) < 1e15 THEN ({_VALUE})::numeric(20, 4) END",
        "currency": text("upper(j.b#>>'{properties,currency}')"),
        **FROM_CONTACT,
    },
    joins=f"{BODY} {OF_CONTACT}",
    where=f"r.contact_id IS NOT NULL AND e.name <> '' AND {_IS_WORTH}",
)
