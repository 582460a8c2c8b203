"""Content items as the board shows them."""

from django.db.models import F

from workflows.models import ContentItem, Run

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
