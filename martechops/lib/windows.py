"""A page of a long list, found by where it begins and not by counting: as fast at the end as at the start."""

from collections.abc import Sequence
from dataclasses import dataclass
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
    """Rows that are newest by a time, ties by id; `before` is `<seconds>_<id>` as `older` gave it."""
    asked = rows.order_by(f"-{field}", "-pk")
    instant, _, pk = before.rpartition("_")
    started = bool(instant) and pk.isdecimal()
    if started:
        asked = asked.filter(Q(**{f"{field}__lt": instant}) | Q(**{field: instant, "pk__lt": int(pk)}))
    found = list(asked[: size + 1])
    last = found[size - 1] if len(found) > size else None
    older = f"{getattr(last, field).isoformat()}_{last.pk}" if last else ""
    return Window(rows=found[:size], older=older, newest=not started)
