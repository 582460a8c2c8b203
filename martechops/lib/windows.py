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


def by_id(rows: QuerySet[Row], *, before: str = "", size: int = SIZE) -> Window[Row]:
    """Rows with the highest ids, or with those below `before`. Text that is no number counts as none."""
    start = int(before) if before.isdecimal() and len(before) < 19 else None
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
    text, _, pk = before.rpartition("_")
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (instant, int(pk)) if instant.tzinfo and pk.isdecimal() and len(pk) < 19 else None
