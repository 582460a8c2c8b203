"""A page of a long list, found by where it begins and not by counting: as fast at the end as at the start."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
SIZE = 50


@dataclass(frozen=True, slots=True)
class Window(Generic[Row]):
    """Some rows, newest first, and how to ask for those that follow."""

    rows: Sequence[Row]
    #: `before` of the next page; empty on the last one.
    older: str = ""
    #: Is this the first page?
    newest: bool = True

    def __len__(self) -> int:
        return len(self.rows)


def row_id(text: str) -> int | None:
    """The id that a piece of an address spells, or None.

    >>> row_id("7"), row_id("x"), row_id("9" * 19)
    (7, None, None)
    """
    return int(text) if text.isdecimal() and len(text) < 19 else None


def by_id(rows: QuerySet[Row], *, before: str = "", size: int = SIZE) -> Window[Row]:
    """Rows with the highest ids, or with those below `before`. Text that is no number counts as none."""
    start = row_id(before)
    asked = rows.order_by("-pk")
    if start is not None:
        asked = asked.filter(pk__lt=start)
    found = list(asked[: size + 1])
    older = str(found[size - 1].pk) if len(found) > size else ""
    return Window(rows=found[:size], older=older, newest=start is None)


def by_instant(rows: QuerySet[Row], *, field: str, before: str = "", size: int = SIZE) -> Window[Row]:
    """Rows that are newest by a time, ties by id; `before` is `<instant>_<id>` as `older` gave it, else none."""
    asked = rows.order_by(f"-{field}", "-pk")
    start = _instant_and_id(before)
    if start is not None:
        instant, pk = start
        asked = asked.filter(Q(**{f"{field}__lt": instant}) | Q(**{field: instant, "pk__lt": pk}))
    found = list(asked[: size + 1])
    last = found[size - 1] if len(found) > size else None
    older = f"{getattr(last, field).astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}_{last.pk}" if last else ""
    return Window(rows=found[:size], older=older, newest=start is None)


def _instant_and_id(before: str) -> tuple[datetime, int] | None:
    """What `before` says, or None for text that we did not give out."""
    text, _, spelled = before.rpartition("_")
    pk = row_id(spelled)
    try:
        instant = datetime.fromisoformat(text)
        if pk is None or not instant.tzinfo:
            return None
        # PostgreSQL knows no offset of 16 hours and more; an instant of the year 1 may have no spelling in UTC.
        return instant.astimezone(UTC), pk
    except (ValueError, OverflowError):
        return None
