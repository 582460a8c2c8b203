"""In which ways contacts were changed, which are few however many changes there are: field, writer and step.

Counted once a look over the rows as they stand; who asks more of some of them names their shape and writer.
"""

import json
from dataclasses import dataclass

from workflows.models import ContactChange

from .scope import Scope


@dataclass(frozen=True, slots=True)
class Part:
    """One change among those that rows of one shape and writer hold."""

    shape: str
    row_writer: str
    #: Which change of the row it is, counted from 0.
    place: int
    field: str
    writer: str
    #: Of a run; empty: none.
    step: str
    #: How many there were in the period, and in the one before.
    now: int
    former: int


def parts(scope: Scope) -> tuple[Part, ...]:
    """Of fields that have no ledger of their own, which score and consent have."""
    kept: tuple[Part, ...] | None = scope.__dict__.get("_parts")
    if kept is None:
        kept = scope.__dict__["_parts"] = tuple(_parts(scope))
    return kept


def _parts(scope: Scope) -> list[Part]:
    return [
        Part(shape, row_writer, place, field, writer or row_writer, step or "", now, former)
        for shape, row_writer, now, former in scope.rows(_STATEMENT, first=scope.first(ContactChange))
        for place, (field, writer, step) in enumerate(_read(one) for one in json.loads(shape))
        if field != "score" and not field.startswith("consent")
    ]


def _read(said: list[str | None]) -> tuple[str, str | None, str | None]:
    """A change as a shape holds it: writer and step may be left out."""
    field, writer, step = (*said, None, None)[:3]
    return str(field), writer, step


_STATEMENT = f"""
    SELECT shape, writer, count(*) FILTER (WHERE at >= %(since)s), count(*) FILTER (WHERE at < %(since)s)
    FROM {ContactChange._meta.db_table} WHERE id >= %(first)s AND at BETWEEN %(before)s AND %(at)s
    GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608  names of our own
