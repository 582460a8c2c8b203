"""The one door by which changes of contacts' fields are written: a row for all that a cause changed of a contact."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from martechops.lib import bulk, prepared
from martechops.lib.bulk import Json
from workflows.models import ContactChange

#: The sequence of rows counts in steps of so many: each change has a number of its own.
MOST_IN_A_ROW = 64
_STAGE = "lifecycle_stage"


class Changed(NamedTuple):
    """One field of a contact that got another value, and who wrote it."""

    contact_id: int
    field: str
    old: Any
    new: Any
    #: The key of a system or of a workflow, or a person's name.
    writer: str
    event_id: int | None = None
    run_id: int | None = None
    #: Of that run.
    step: str = ""


#: As `Changed`: a batch of events makes thousands of them.
Plain = tuple[int, str, Any, Any, str, int | None, int | None, str]


def write(changes: Iterable[Plain], *, at: datetime) -> None:
    """Append them to the history, in their order; what one cause changed stands together. One COPY, or nothing."""
    with prepared.cursor() as cursor:
        bulk.copy_rows(cursor, ContactChange._meta.db_table, _COLUMNS, rows(changes), same={"at": at})


_COLUMNS = ("contact_id", "event_id", "run_id", "stage_at", "writer", "shape", "pairs")


def rows(changes: Iterable[Plain]) -> Iterator[tuple[Any, ...]]:
    """Changes that follow each other, of one contact and one cause, in one row; no field twice, and no second run.

    >>> first = Changed(7, "email", None, "a@example.com", "form", event_id=1)
    >>> stage = first._replace(field="lifecycle_stage", new="lead", writer="nurture", run_id=3, step="greet")
    >>> for row in rows([first, stage, first._replace(field="email", new="b@example.com")]):
    ...     print(*row[:-1], row[-1].value)
    7 1 3 1 form [["email"],["lifecycle_stage","nurture","greet"]] [None, 'a@example.com', None, 'lead']
    7 1 None None form [["email"]] [None, 'b@example.com']
    """
    cause: tuple[int, int | None] | None = None
    run: int | None = None
    parts: dict[str, _Part] = {}
    pairs: list[Any] = []
    for contact_id, field, old, new, writer, event_id, run_id, step in changes:
        is_full = field in parts or len(parts) == MOST_IN_A_ROW
        if is_full or (contact_id, event_id) != cause or (run is not None and run_id not in (None, run)):
            if cause:
                yield (*cause, run, *_shaped(tuple(parts.items())), Json(pairs))
            cause, run, parts, pairs = (contact_id, event_id), None, {}, []
        if run_id is None:
            parts[field] = (writer, None)
        else:
            run, parts[field] = run_id, (writer, step)
        pairs += (old, new)
    if cause:
        yield (*cause, run, *_shaped(tuple(parts.items())), Json(pairs))


#: Writer of a change, and the step if a run's made it.
_Part = tuple[str, str | None]


@lru_cache(maxsize=4096)
def _shaped(parts: tuple[tuple[str, _Part], ...]) -> tuple[int | None, str, str]:
    """Where the stage stands, the row's writer and its shape: the same for most of what the same cause changes."""
    names = [field for field, _ in parts]
    owner = parts[0][1][0]
    shape = [
        [field, None if writer == owner else writer, step]
        if step is not None
        else [field]
        if writer == owner
        else [field, writer]
        for field, (writer, step) in parts
    ]
    return names.index(_STAGE) if _STAGE in names else None, owner, orjson.dumps(shape).decode()
