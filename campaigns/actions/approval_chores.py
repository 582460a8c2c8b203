"""What happens to requests by the mere passing of time: asked again, over, or live at the hour that was named."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from campaigns import policies
from campaigns.actions import approvals, letters, outcomes, rollouts
from campaigns.actions.approvals import State
from campaigns.models import ApprovalRequest


def keep(*, at: datetime) -> int:
    """All of it, as it is due; how many requests were moved on."""
    return _go_live(at) + _expire(at) + _remind(at)


def _expire(at: datetime) -> int:
    """Open ones that nobody answered, and approved ones that did not go live."""
    due = ApprovalRequest.objects.filter(
        Q(state=State.OPEN)
        | Q(state=State.APPROVED, rollouts=None, subject_kind="release")
        | Q(state=State.APPROVED, went_at=None, subject_kind__in=("campaign", "content")),
        expires_at__lte=at,
    )
    return sum(_over(request, at) for request in due.order_by("pk"))


@transaction.atomic
def _over(request: ApprovalRequest, at: datetime) -> int:
    row, request = approvals.locked(request)
    if request.state not in (State.OPEN, State.APPROVED) or request.expires_at > at:
        return 0
    because = "Nobody answered in time." if request.state == State.OPEN else "It did not go live in time."
    closed = approvals.close(request, row, to=State.EXPIRED, by="approvals", at=at, because=because)
    outcomes.settle(row, closed, at=at)
    return 1


def _remind(at: datetime) -> int:
    open_ones = ApprovalRequest.objects.filter(state=State.OPEN).annotate(
        asked_last=Coalesce("reminded_at", "requested_at")
    )
    due = open_ones.filter(asked_last__lte=at - policies.REMIND_AFTER)
    return sum(_again(pk, at) for pk in due.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _again(pk: int, at: datetime) -> int:
    request = ApprovalRequest.objects.select_for_update(of=("self",)).select_related("requested_by").get(pk=pk)
    last = request.reminded_at or request.requested_at
    if request.state != State.OPEN or last > at - policies.REMIND_AFTER:
        return 0
    request.reminded_at = at
    request.save()
    letters.ask(request, at=at, again=True)
    return 1


def _go_live(at: datetime) -> int:
    """By whoever asked for it, and with all that is asked of a person who takes something live."""
    due = ApprovalRequest.objects.filter(
        state=State.APPROVED, subject_kind="release", went_at=None, go_live_at__lte=at
    ).select_related("release__version", "requested_by", "owner")
    return sum(_take_live(request, at) for request in due.order_by("pk"))


def _take_live(request: ApprovalRequest, at: datetime) -> int:
    """Once: what cannot go live now is given up, and its owners are told."""
    assert request.release is not None
    note, refused = f"At the time that was named, by request {request.pk}", ""
    with transaction.atomic():
        if not ApprovalRequest.objects.filter(pk=request.pk, went_at=None).update(went_at=at):
            return 0
        try:
            with transaction.atomic():
                rollouts.switch_over(version=request.release.version, by=request.requested_by, at=at, note=note)
        except rollouts.CannotActivate as error:
            refused = str(error)
        letters.went(request, refused=refused, at=at)
    return 1
