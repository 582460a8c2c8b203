"""Content items: planned, changed, and moved along their way by people. Workflows move them in the runtime."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from martechops.audit import entries
from martechops.lib import history
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.engine import triggers
from workflows.engine.content import APPROVED, may_move
from workflows.engine.internal import InternalEvent, SubjectRef
from workflows.models import ContentItem
from workflows.queries import live

from . import internal_events, reviews


class CannotMove(Exception):
    """From where it stands this is no step on its way; the message says which are."""


@transaction.atomic
def save(item: ContentItem, *, by: User | str, at: datetime) -> ContentItem:
    """A new item, or one that was edited; its state changes by `move`. Raises ValidationError, NotAllowed, InReview."""
    if isinstance(by, User):
        check_may(by, "content.edit", item)
    before = ContentItem.objects.select_for_update().filter(pk=item.pk).first() if item.pk else None
    reviews.check_free("content", before.key if before else item.key)
    item.state = before.state if before else ContentItem.State.PLANNED
    item.created_at, item.updated_at = before.created_at if before else at, at
    item.channels = sorted({str(channel).strip() for channel in item.channels if str(channel).strip()})
    item.full_clean()
    history.sign(item, by=by)
    item.save()
    _record("content.edit" if before else "content.plan", item, by=by, at=at, detail=_differences(before, item))
    if before is None:
        _tell(item, None, at)
    return item


@transaction.atomic
def move(*, item: ContentItem, to: str, by: User, at: datetime, note: str = "") -> ContentItem:
    """One step along its way, and what waits for that hears of it. Raises CannotMove and NotAllowed."""
    item = ContentItem.objects.select_for_update(of=("self",)).select_related("owner").get(pk=item.pk)
    check_may(by, "content.publish" if to in APPROVED else "content.edit", item)
    if not may_move(state=item.state, to=to):
        raise CannotMove(f"{item.name} is {item.get_state_display().lower()}, and from there it cannot become {to}.")
    before, item.state, item.updated_at = item.state, to, at
    if to == ContentItem.State.PUBLISHED:
        item.published_at = at
    history.sign(item, by=by, note=note.strip())
    item.save()
    _record("content.move", item, by=by, at=at, detail={"from": before, "to": to, "note": note.strip()})
    _tell(item, before, at)
    return item


def _tell(item: ContentItem, before: str | None, at: datetime) -> None:
    ref, moved = SubjectRef("content", item.pk), {"from": before, "to": item.state}
    internal_events.write(live.awaited([InternalEvent(triggers.CONTENT_CHANGED, ref, at, moved)]))


def _differences(before: ContentItem | None, item: ContentItem) -> Mapping[str, Any]:
    """Which fields were changed; the text itself is in the history."""
    if before is None:
        return {"kind": item.kind}
    names = ("name", "kind", "owner_id", "channels", "body", "link", "planned_for")
    return {"changed": [name for name in names if getattr(before, name) != getattr(item, name)]}


def _record(action: str, item: ContentItem, *, by: User | str, at: datetime, detail: Mapping[str, Any]) -> None:
    entries.record(action=action, object_kind="content", object_key=item.key, by=by, at=at, detail=detail)
