"""What runs wait for people to do: approvals, hand-offs, leads to be taken."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet

from martechops.people.models import Team
from workflows.models import Assignment, Handoff, StepApproval

from . import names, subjects
from .subjects import Named

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Work:
    """One thing that somebody has to do, with what it is about."""

    row: StepApproval | Handoff | Assignment
    about: Named
    workflow: str
    late: bool
    #: The team that is to do it; for a lead, the team whose workflow gave it.
    team: Team | None


@dataclass(frozen=True, slots=True)
class Open:
    """Everything that is open, soonest due first."""

    approvals: list[Work]
    handoffs: list[Work]
    leads: list[Work]

    @property
    def count(self) -> int:
        return len(self.approvals) + len(self.handoffs) + len(self.leads)


def open_work(*, at: datetime, team: str = "") -> Open:
    """What is open now, of one team if it is named by its key. Six queries."""
    approvals = _soonest(StepApproval.objects.filter(state=StepApproval.State.ASKED).select_related("owner"), team)
    handed = Handoff.objects.filter(state__in=[Handoff.State.OFFERED, Handoff.State.ACCEPTED])
    handoffs = _soonest(handed.select_related("owner", "from_team"), team)
    leads = [] if team else _soonest(Assignment.objects.filter(state=Assignment.State.OPEN), "")
    about = subjects.named([*approvals, *handoffs])
    people = names.of_contacts(lead.contact_id for lead in leads if lead.contact_id)
    workflows = names.of_workflows()

    def work(row: StepApproval | Handoff | Assignment, named: Named, owner: Team | None) -> Work:
        workflow = workflows.get(row.workflow_id)
        late = row.due_at is not None and row.due_at < at
        if workflow is None:
            return Work(row, named, "", late, owner)
        return Work(row, named, workflow.name, late, owner or workflow.owner)

    return Open(
        approvals=[work(row, about[subjects.ref(row)], row.owner) for row in approvals],
        handoffs=[work(row, about[subjects.ref(row)], row.owner) for row in handoffs],
        leads=[
            work(row, Named("contact", people.get(row.contact_id or 0, ""), f"/contacts/{row.contact_id}/"), None)
            for row in leads
        ],
    )


def _soonest(rows: QuerySet, team: str) -> list:  # type: ignore[type-arg]  # of any of the three
    rows = rows.filter(owner__key=team) if team else rows
    return list(rows.order_by(F("due_at").asc(nulls_last=True), "pk")[:MOST_SHOWN])
