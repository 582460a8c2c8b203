"""Owners that leads were given to: how long it took from entering the workflow."""

from reporting.models import AssignmentFact
from workflows.models import Assignment, Run

from .fact import FROM_CONTACT, OF_CONTACT, Fact, day, microseconds

FACT = Fact(
    kind="assignment",
    model=AssignmentFact,
    raw=Assignment,
    columns={
        "id": "r.id",
        "contact_id": "r.contact_id",
        "at": "r.given_at",
        "entered_at": "coalesce(n.entered_at, r.given_at)",
        "workflow_id": "r.workflow_id",
        **FROM_CONTACT,
    },
    joins=f"LEFT JOIN {Run._meta.db_table} n ON n.id = r.run_id {OF_CONTACT}",
    daily=f"({day('f.at')}, 'routed owner', f.workflow_id, {microseconds('f.at', 'f.entered_at')})",
)
