"""Requests and approvals whose thing has changed are marked as stale, and their owners are told."""

from datetime import datetime

from django.db import transaction

from campaigns.actions import approvals, verdicts
from campaigns.models import ApprovalRequest
from campaigns.queries import approvals as found


def sweep(*, at: datetime) -> int:
    """Compare every open and approved request with what is there now; how many became stale.

    Comparing takes a constant number of queries; what differs is asked once more under lock, one at a time.
    """
    return sum(_mark(request, at=at) for request in found.overtaken())


@transaction.atomic
def _mark(request: ApprovalRequest, *, at: datetime) -> int:
    row, request = approvals.locked(request)
    if request.state not in (approvals.State.OPEN, approvals.State.APPROVED):
        return 0
    return 1 if verdicts.overtaken(request, row, at=at) else 0
