"""What an import's page and its passes ask."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from martechops.lib import bulk
from workflows.engine import tables
from workflows.engine.authority import Allowed, Writer, verdict
from workflows.engine.mapping import BadMapping, compile_mapping
from workflows.models import Field, Import, ImportRefusal, Source
from workflows.queries import authorities

#: Rows that the page shows as they will be taken.
SHOWN = 8


@dataclass(frozen=True, slots=True)
class Target:
    """A field that a column can be, and whether the import's system may write it."""

    key: str
    label: str
    type: str
    #: Why its values would become requests to the owner instead; empty if they are simply written.
    against: str = ""


def types() -> dict[str, str]:
    """The type of each field."""
    return dict(Field.objects.values_list("key", "type"))


def targets(source: Source) -> list[Target]:
    """All fields by label, with the authority that the source's system has over each."""
    writer = Writer("system", source.system.key) if source.system else Writer("source", source.key)
    found = []
    for row in authorities.fields().order_by("label"):
        answer = verdict(authorities.of(row), name=row.key, writer=writer)
        against = "" if isinstance(answer, Allowed) or row.key == "email" else answer.because
        found.append(Target(row.key, row.label, row.type, against))
    return found


def first_choices(import_: Import) -> dict[str, Any]:
    """What the same columns were last time; else what their names suggest of the fields that may be written."""
    keys = [column["key"] for column in import_.columns]
    for earlier in Import.objects.filter(source=import_.source).exclude(choices={})[:20]:
        if [column["key"] for column in earlier.columns] == keys:
            return dict(earlier.choices)
    columns = [tables.Column(**column) for column in import_.columns]
    known = {target.key: target for target in targets(import_.source)}
    free = [key for key, target in known.items() if not target.against] + [tables.USER_ID]
    suggested = tables.suggestions(columns, free)
    return {column: {"to": target} for column, target in suggested.items() if target != tables.LEFT_OUT}


def reading_of(import_: Import) -> tables.Reading:
    """How its rows are read, by what was chosen. Raises BadMapping where a field is gone meanwhile."""
    known = types()
    choices = {column: choice for column, choice in import_.choices.items() if choice["to"] in (*known, tables.USER_ID)}
    user_id = next((column for column, choice in choices.items() if choice["to"] == tables.USER_ID), None)
    rows = tables.choices_as_rows(choices, types=known)
    return tables.Reading(compile_mapping(key="columns", rows=rows), user_id)


def rows_of(content: Sequence[Sequence[Any]]) -> list[tables.Row]:
    """The rows of a part."""
    return [tables.Row(line, cells, problem) for line, cells, problem in content]


def first_rows(import_: Import) -> list[tables.Row]:
    """Enough to see what each column holds."""
    part = import_.parts.order_by("number").first()
    return rows_of(part.rows[:SHOWN]) if part else []


def preview(import_: Import) -> list[tables.Read]:
    """The first rows as they would be taken; none while the choices cannot be used."""
    try:
        reading = reading_of(import_)
    except (BadMapping, KeyError):
        return []
    return [tables.read(row, reading) for row in first_rows(import_)]


def known_keys(keys: Iterable[str]) -> set[str]:
    """Those that a contact is recognised by already, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key FROM workflows_contactkey WHERE key IN (SELECT json_array_elements_text(%s::json))",
            [bulk.texts(keys)],
        )
        return {key for (key,) in cursor.fetchall()}


def refusals_of(import_: Import) -> Iterator[ImportRefusal]:
    """Rows that were not taken, in the file's order, read as they are written out."""
    return import_.refusals.order_by("line").iterator(chunk_size=1_000)
