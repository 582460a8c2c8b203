"""Runs: when each began, and how it ended."""

from reporting.models import RunFact
from workflows.models import Run

from .fact import FROM_CONTACT, OF_CONTACT, Fact, day

FACT = Fact(
    kind="run",
    model=RunFact,
    raw=Run,
    columns={
        "id": "r.id",
        "contact_id": "r.contact_id",
        "at": "r.entered_at",
        "ended_at": "r.ended_at",
        "state": "r.state",
        "workflow_id": "r.workflow_id",
        "version_id": "r.version_id",
        **FROM_CONTACT,
    },
    joins=OF_CONTACT,
    daily=(
        f"({day('f.at')}, 'run entered', f.workflow_id, 0), ({day('f.ended_at')}, 'run ' || f.state, f.workflow_id, 0)"
    ),
)
