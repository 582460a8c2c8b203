"""Content items on their way through approval: asked for as they go into review, and published as they were agreed to.

Two ways lead to "others agree", and never the author alone: a live content workflow whose step asks a team, or, where
none does, a request to the approvers. Both hold for the words as they are then, which are read-only so long.
"""

from datetime import datetime

from django.db import transaction

from campaigns.actions import approvals
from martechops.people.models import User
from workflows.actions import content
from workflows.models import ContentItem
from workflows.queries import live

State = ContentItem.State


@transaction.atomic
def move(*, item: ContentItem, to: str, by: User, at: datetime, note: str = "") -> ContentItem:
    """One step along its way by a person, with what that means for its approval.

    Raises CannotMove, NotAllowed, CannotAsk, InReview.
    """
    item = ContentItem.objects.select_for_update(of=("self",)).select_related("owner").get(pk=item.pk)
    before = item.state
    item = content.move(item=item, to=to, by=by, at=at, note=note)
    if to == State.APPROVAL and not live.asks_about_content():
        if approvals.still_stands(kind="content", key=item.key, at=at):  # taken back, and not changed
            return content.approve(item=item, by="approvals", at=at)
        approvals.ask(kind="content", key=item.key, by=by, at=at, note=note)
    elif before in (State.APPROVAL, State.APPROVED) and to == State.DRAFT:
        approvals.drop(kind="content", key=item.key, by=by, at=at)
    elif to == State.PUBLISHED:
        approvals.went(kind="content", key=item.key, at=at)
    return item
