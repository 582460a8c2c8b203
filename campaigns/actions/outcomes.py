"""What becomes of a thing when the request about it is closed; called by whatever closes one."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from campaigns import lifecycle
from campaigns.actions import campaigns
from campaigns.actions.approvals import State
from campaigns.models import ApprovalRequest, Campaign
from workflows.actions import content
from workflows.models import ContentItem


def settle(row: Any, request: ApprovalRequest, *, at: datetime) -> ApprovalRequest:
    """Take the thing, whose row is locked, where the closed request leads it. The request."""
    if outcome := _OUTCOMES.get((request.subject_kind, request.state)):
        outcome(row, request, at)
    return request


def goes_back(kind: str, row: Any) -> bool:
    """Would a thing that stands there be a draft again, if what was asked for it fell away?"""
    if kind == "content":
        return row.state in (ContentItem.State.APPROVAL, ContentItem.State.APPROVED)
    return kind == "campaign" and any(step.verb == "return" for step in lifecycle.possible(row.state))


def _campaign_approved(row: Campaign, request: ApprovalRequest, at: datetime) -> None:
    if row.state == lifecycle.State.PAUSED:
        campaigns.agreed_again(campaign=row, digest=request.digest, at=at)
        return
    campaigns.move(campaign=row, verb="approve", by="approvals", at=at, digest=request.digest)


def _campaign_returned(row: Campaign, request: ApprovalRequest, at: datetime) -> None:
    """What is live already goes on as it was agreed to."""
    if goes_back("campaign", row):
        campaigns.move(campaign=row, verb="return", by="approvals", at=at, note=request.because)


def _content_approved(row: ContentItem, request: ApprovalRequest, at: datetime) -> None:
    """Unless a workflow has moved it on meanwhile."""
    if row.state == ContentItem.State.APPROVAL:
        content.approve(item=row, by="approvals", at=at)


def _content_returned(row: ContentItem, request: ApprovalRequest, at: datetime) -> None:
    """What is out already stays out as it was agreed to."""
    content.take_back(item=row, by="approvals", at=at, note=request.because)


_OUTCOMES: Mapping[tuple[str, str], Callable[[Any, ApprovalRequest, datetime], None]] = {
    ("campaign", State.APPROVED): _campaign_approved,
    ("campaign", State.CHANGES): _campaign_returned,
    ("campaign", State.REFUSED): _campaign_returned,
    ("campaign", State.STALE): _campaign_returned,
    ("campaign", State.EXPIRED): _campaign_returned,
    ("campaign", State.WITHDRAWN): _campaign_returned,
    ("content", State.APPROVED): _content_approved,
    ("content", State.CHANGES): _content_returned,
    ("content", State.REFUSED): _content_returned,
    ("content", State.STALE): _content_returned,
    ("content", State.EXPIRED): _content_returned,
    ("content", State.WITHDRAWN): _content_returned,
}
