"""Messages that came to an end, one way or another."""

from reporting.models import SendFact
from workflows.engine.guards import SENT_BEFORE
from workflows.models import Effect

from .fact import FROM_CONTACT, OF_CONTACT, Fact, day

FACT = Fact(
    kind="effect",
    model=SendFact,
    raw=Effect,
    columns={
        "id": "r.id",
        "contact_id": "r.contact_id",
        "at": "coalesce(r.ended_at, r.reserved_at, r.planned_at)",
        "state": "r.state",
        "workflow_id": "r.workflow_id",
        "version_id": "r.version_id",
        "run_id": "r.run_id",
        "step": "r.step",
        "template": "coalesce(r.payload->>'template', '')",
        "message_channel": "coalesce(r.payload->>'channel', '')",
        "planned_at": "r.planned_at",
        "is_repeat": f"r.state = 'suppressed' AND position('{SENT_BEFORE}' IN r.reason) > 0",
        **FROM_CONTACT,
    },
    joins=OF_CONTACT,
    where="r.kind = 'send_message' AND r.state NOT IN ('planned', 'held', 'reserved')",
    daily=(
        f"({day('f.at')}, 'send ' || f.state, f.workflow_id, 0), "
        f"(CASE WHEN f.is_repeat THEN {day('f.at')} END, 'duplicate message', 0, 0)"
    ),
)
