"""Content items: planned, changed, and moved along their way by people. Workflows move them in the runtime."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from martechops.audit import entries
from martechops.lib import history
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.engine import triggers
from workflows.engine.content import APPROVED, EDITABLE, may_move
from workflows.engine.internal import InternalEvent, SubjectRef
from workflows.models import ContentItem
from workflows.models.content import WORDS
from workflows.queries import live

from . import internal_events, reviews

State = ContentItem.State


#: Characters of a text, and labels of places: more is a mistake, and would stand in every revision.
LONGEST, MOST_CHANNELS, LONGEST_CHANNEL = 200_000, 30, 80


class ChangedMeanwhile(Exception):
    """Somebody else has written since it was read: what they wrote is not overwritten unseen (FAULTS F18)."""


class CannotMove(Exception):
    """From where it stands this is no step on its way; the message says which are."""


@transaction.atomic
def save(
    item: ContentItem, *, by: User | str, at: datetime, note: str = "", expected: str | None = None
) -> ContentItem:
    """A new item, or one that was edited; its state changes by `move`. `expected`: its `state_of`, as it was read.

    What others agreed to, or what is out, is a draft again with its new words: they are agreed to anew. Raises
    ValidationError, NotAllowed, InReview and ChangedMeanwhile.
    """
    if isinstance(by, User):
        check_may(by, "content.edit", item)
    before = ContentItem.objects.select_for_update(of=("self",)).filter(pk=item.pk).first() if item.pk else None
    if before and expected is not None and expected != state_of(before):
        raise ChangedMeanwhile(f"{before.name} was changed since you read it.")
    _check_free(before or item)
    item.state = before.state if before else State.PLANNED
    item.approved_digest = before.approved_digest if before else ""
    item.key = before.key if before else item.key
    item.created_at, item.updated_at = before.created_at if before else at, at
    item.channels = sorted({str(channel).strip() for channel in item.channels if str(channel).strip()})
    _check_size(item)
    item.full_clean()
    changed = [name for name in ("owner_id", *WORDS) if before and getattr(before, name) != getattr(item, name)]
    if before and set(changed) & set(WORDS) and item.state not in EDITABLE:
        item.state, item.approved_digest = State.DRAFT, ""
    history.sign(item, by=by, note=note)
    item.save()
    detail = {"changed": changed} if before else {"kind": item.kind}
    _record("content.edit" if before else "content.plan", item, by=by, at=at, detail=detail)
    if before is None or before.state != item.state:
        _tell(item, before.state if before else None, at)
    return item


def state_of(item: ContentItem) -> str:
    """Names what it is now: another one after every edit and every move."""
    return str(item.history.order_by("-history_id").values_list("history_id", flat=True).first() or "")


def _check_size(item: ContentItem) -> None:
    problems = {}
    if len(item.body) > LONGEST:
        problems["body"] = f"At most {LONGEST:,} characters."
    if len(item.channels) > MOST_CHANNELS or any(len(channel) > LONGEST_CHANNEL for channel in item.channels):
        problems["channels"] = f"At most {MOST_CHANNELS}, of {LONGEST_CHANNEL} characters each."
    if problems:
        raise ValidationError(problems)


def restore(*, item: ContentItem, revision: int, by: User, at: datetime) -> ContentItem:
    """Its words as an earlier revision has them, as another edit. Raises LookupError, and what `save` raises."""
    past = item.history.filter(history_id=revision).first()
    if past is None:
        raise LookupError(f"{item.name} has no revision {revision}.")
    for name in WORDS:
        setattr(item, name, getattr(past, name))
    return save(item, by=by, at=at, note=f"As it was at {past.history_date:%Y-%m-%d %H:%M} UTC")


@transaction.atomic
def move(*, item: ContentItem, to: str, by: User, at: datetime, note: str = "") -> ContentItem:
    """One step along its way, and what waits for that hears of it. Raises CannotMove and NotAllowed."""
    item = ContentItem.objects.select_for_update(of=("self",)).select_related("owner").get(pk=item.pk)
    check_may(by, "content.publish" if to in APPROVED else "content.edit", item)
    if not may_move(state=item.state, to=to):
        raise CannotMove(f"{item.name} is {item.get_state_display().lower()}, and from there it cannot become {to}.")
    if to == State.PUBLISHED and not item.is_agreed:
        raise CannotMove(f"{item.name} is not what was approved any more: take it back to draft, and ask again.")
    if to not in APPROVED:
        item.approved_digest = ""
    return _stands(item, to, by=by, at=at, note=note.strip())


@transaction.atomic
def approve(*, item: ContentItem, by: str, at: datetime) -> ContentItem:
    """What the approvals of an item in review, whose row is locked, come to. Raises CannotMove."""
    if item.state != State.APPROVAL:
        raise CannotMove(f"{item.name} is {item.get_state_display().lower()}, and not in review.")
    item.approved_digest = item.digest
    return _stands(item, State.APPROVED, by=by, at=at)


@transaction.atomic
def take_back(*, item: ContentItem, by: str, at: datetime, note: str = "") -> ContentItem:
    """To draft again, because what was asked for the item, whose row is locked, fell away; if it is not out yet."""
    if item.state not in (State.APPROVAL, State.APPROVED):
        return item
    item.approved_digest = ""
    return _stands(item, State.DRAFT, by=by, at=at, note=note)


def _stands(item: ContentItem, to: str, *, by: User | str, at: datetime, note: str = "") -> ContentItem:
    """Write where it stands now, and tell what waits for that."""
    before, item.state, item.updated_at = item.state, to, at
    if to == State.PUBLISHED:
        item.published_at = at
    history.sign(item, by=by, note=note)
    item.save()
    _record("content.move", item, by=by, at=at, detail={"from": before, "to": to, "note": note})
    _tell(item, before, at)
    return item


def _check_free(item: ContentItem) -> None:
    """Return unless others look at it now: by a request for approval, or by a step of a workflow. Raises InReview."""
    reviews.check_free("content", item.key)
    if item.pk and item.state == State.APPROVAL:
        raise reviews.InReview(f"{item.name} is in review, and read-only so long: take it back to draft first.")


def _tell(item: ContentItem, before: str | None, at: datetime) -> None:
    ref, moved = SubjectRef("content", item.pk), {"from": before, "to": item.state}
    internal_events.write(live.awaited([InternalEvent(triggers.CONTENT_CHANGED, ref, at, moved)]))


def _record(action: str, item: ContentItem, *, by: User | str, at: datetime, detail: Mapping[str, Any]) -> None:
    entries.record(action=action, object_kind="content", object_key=item.key, by=by, at=at, detail=detail)
