"""Tasks made for sales: how long it took from entering the workflow until somebody had it on their list."""

from reporting.models import RoutingFact
from workflows.models import Effect, Run

from .fact import FROM_CONTACT, OF_CONTACT, Fact, day, microseconds

_AT = "coalesce(r.ended_at, r.reserved_at, r.planned_at)"

FACT = Fact(
    kind="effect",
    model=RoutingFact,
    raw=Effect,
    columns={
        "id": "r.id",
        "contact_id": "r.contact_id",
        "at": _AT,
        "entered_at": f"coalesce(n.entered_at, {_AT})",
        "workflow_id": "r.workflow_id",
        **FROM_CONTACT,
    },
    joins=f"LEFT JOIN {Run._meta.db_table} n ON n.id = r.run_id {OF_CONTACT}",
    where="r.kind = 'create_task' AND r.state = 'done'",
    daily=f"({day('f.at')}, 'routed task', f.workflow_id, {microseconds('f.at', 'f.entered_at')})",
)
