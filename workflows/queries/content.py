"""Content items as the board shows them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, takewhile
from typing import Any

from django.db.models import F

from martechops.people.models import User
from workflows.models import ContentItem, Run
from workflows.models.content import WORDS

#: Of each column, so many are shown; the rest is behind its filter.
MOST_SHOWN = 100


def by_state() -> list[tuple[str, str, list[ContentItem]]]:
    """The columns of the board in order: state, its name, its items, soonest planned first."""
    columns = []
    for state, label in ContentItem.State.choices:
        found = ContentItem.objects.filter(state=state).select_related("owner")
        soonest = found.order_by(F("planned_for").asc(nulls_last=True), "key")[:MOST_SHOWN]
        columns.append((state, str(label), list(soonest)))
    return columns


def found(item_id: int) -> ContentItem | None:
    """One item with its owner."""
    return ContentItem.objects.filter(pk=item_id).select_related("owner").first()


def runs(item: ContentItem) -> list[Run]:
    """Its runs, newest first."""
    return list(Run.objects.filter(content_id=item.pk).order_by("-pk")[:50])


@dataclass(frozen=True, slots=True)
class Revision:
    """The words of an item from one edit to the next."""

    number: int
    #: What restoring it names.
    id: int
    by: User | None
    at: datetime
    why: str
    #: Each field that this edit changed: its name, as it was before, as it is since.
    changes: tuple[tuple[str, Any, Any], ...]


def revisions(item: ContentItem) -> list[Revision]:
    """Its words over time, newest first; moves on the board are none. One query."""
    found: list[Revision] = []
    before: Any = None
    for row in _history().filter(id=item.pk).select_related("history_user").order_by("history_id"):
        changes = tuple((name, getattr(before, name, None), getattr(row, name)) for name in _changed(before, row))
        if changes:
            why = row.history_change_reason or ""
            number = len(found) + 1
            found.append(Revision(number, row.history_id, row.history_user, row.history_date, why, changes))
        before = row
    return found[::-1]


def authors(ids: Collection[int]) -> Mapping[int, set[int]]:
    """Of each item, the people who wrote any of its words: they do not agree to it. One query."""
    found: dict[int, set[int]] = {pk: set() for pk in ids}
    rows = _history().filter(id__in=ids).order_by("id", "history_id")
    for pk, of_item in groupby(rows, key=lambda row: row.id):
        before: Any = None
        for row in of_item:
            if row.history_user_id is not None and _changed(before, row):
                found[pk].add(row.history_user_id)
            before = row
    return found


def asked_by(item: ContentItem) -> int | None:
    """Who sent it into the review that it is in; None for a workflow, and for what is in none."""
    rows = _history().filter(id=item.pk).order_by("-history_id").values_list("state", "history_user_id")
    sent = [user for _, user in takewhile(lambda row: row[0] == ContentItem.State.APPROVAL, rows)]
    return sent[-1] if sent else None


def _changed(before: Any, row: Any) -> list[str]:
    if before is None:
        return [name for name in WORDS if getattr(row, name)]
    return [name for name in WORDS if getattr(before, name) != getattr(row, name)]


def _history() -> Any:
    history: Any = ContentItem.history
    return history
