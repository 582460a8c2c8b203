"""Files of people: uploaded, their columns chosen, checked, started, cancelled. The rows are passed by the runtime."""

import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from martechops.audit import entries
from martechops.lib import bulk, wake
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.actions import definitions, sources
from workflows.engine import tables
from workflows.engine.coercions import WAYS
from workflows.engine.mapping import BadMapping, compile_mapping
from workflows.models import Field, Import, ImportPart, Source, System
from workflows.models import Mapping as MappingRow
from workflows.queries import imports

LARGEST_BYTES = 100 * 1024 * 1024
MOST_ROWS = 1_000_000
#: Rows that are passed in one transaction.
PART_ROWS = 500

#: The mapping that all imports share: a row's values are those of fields already.
MAPPING_KEY = "imported-rows"
DOORBELL = "workflows.imports"


class WrongState(Exception):
    """The import is not where this can be done; the message says where it is."""


def upload(*, file: BinaryIO, name: str, size: int, system: System, by: User, at: datetime) -> Import:
    """Keep a file's rows, with a first guess what its columns are. Raises `BadTable`, NotAllowed."""
    check_may(by, "contacts.import")
    if size > LARGEST_BYTES:
        raise tables.BadTable(f"it is larger than {LARGEST_BYTES // 1024 // 1024} MB; cut it into several")
    raw = file.read(LARGEST_BYTES + 1)
    encoding = tables.encoding_of(raw)
    text = io.TextIOWrapper(io.BytesIO(raw), encoding=encoding, newline="")
    sample = "".join(islice(text, tables.SAMPLE_LINES))
    text.seek(0)
    delimiter = tables.delimiter_of(sample)
    columns, rows = tables.rows_of(text, delimiter=delimiter)
    with transaction.atomic():
        made = Import(
            file_name=name[:255],
            size_bytes=len(raw),
            encoding=encoding,
            delimiter=delimiter,
            columns=[{"heading": column.heading, "key": column.key} for column in columns],
            source=_source(system, at=at),
            by=by,
            created_at=at,
        )
        made.choices = imports.first_choices(made)
        made.save()
        made.rows = _keep(made, rows)
        if not made.rows:
            raise tables.BadTable("it holds no row besides its headings")
        made.save()
        _record("upload", made, by=by, at=at, rows=made.rows)
    return made


@transaction.atomic
def choose(import_: Import, *, choices: Mapping[str, Mapping[str, Any]], by: User, at: datetime) -> Import:
    """Say what the columns are, and have every row checked. Raises ValidationError by column, WrongState."""
    locked = _locked(import_, by, Import.State.UPLOADED, Import.State.CHECKING, Import.State.CHECKED)
    _check_choices(choices, {column["key"]: column["heading"] for column in locked.columns})
    locked.choices = {column: dict(choice) for column, choice in choices.items()}
    locked.state, locked.rows_passed, locked.found, locked.refused = Import.State.CHECKING, 0, {}, 0
    locked.parts.update(passed=0)
    locked.refusals.all().delete()
    locked.save()
    _record("choose", locked, by=by, at=at, columns=len(choices))
    wake.after_commit(DOORBELL)
    return locked


@transaction.atomic
def start(import_: Import, *, by: User, at: datetime) -> Import:
    """Take in the rows that were found good. Raises WrongState."""
    locked = _locked(import_, by, Import.State.CHECKED)
    _share_mapping(locked.source, at=at)
    locked.state, locked.rows_passed, locked.started_at = Import.State.RUNNING, 0, at
    locked.save()
    _record("start", locked, by=by, at=at, good=locked.found.get("good", 0), refused=locked.refused)
    wake.after_commit(DOORBELL)
    return locked


@transaction.atomic
def cancel(import_: Import, *, by: User, at: datetime) -> Import:
    """Take in no more of it; what is in stays, and is counted. Raises WrongState."""
    locked = _locked(import_, by, *set(Import.State) - {Import.State.DONE, Import.State.CANCELLED})
    locked.state, locked.ended_at = Import.State.CANCELLED, at
    locked.save()
    locked.parts.all().delete()
    _record("cancel", locked, by=by, at=at, stored=locked.stored)
    return locked


def _locked(import_: Import, by: User, *states: str) -> Import:
    check_may(by, "contacts.import")
    locked = Import.objects.select_for_update(of=("self",)).select_related("source").get(pk=import_.pk)
    if locked.state not in states:
        raise WrongState(f"{locked.file_name} is {locked.get_state_display().lower()}.")
    return locked


def _source(system: System, *, at: datetime) -> Source:
    """Where what is imported for a system comes from: the system's own authority counts for it."""
    key = f"import-{system.key}"[:50]
    found = Source.objects.filter(key=key).first()
    return found or sources.create(key=key, name=f"Imports: {system.name}"[:80], system=system, by="imports", at=at)


def _share_mapping(source: Source, *, at: datetime) -> None:
    """Every field from the trait of its name; changed when the catalog has other fields than at the last import."""
    fields = [*Field.objects.order_by("key")]
    traits = {field.key: ".".join(tables.trait(field.key)) for field in fields}
    rows = [{"from": f"event.traits.{traits[field.key]}", "to": field.key, "type": field.type} for field in fields]
    row = MappingRow.objects.filter(key=MAPPING_KEY).first()
    if row is None or row.rows != rows:
        row = row or MappingRow(key=MAPPING_KEY, name="Imported rows", owner=source.system.owner)  # type: ignore[union-attr]
        row.rows = rows
        definitions.save(row, by="imports", at=at, note="The catalog's fields as they are now.")
    if source.mapping_id != row.pk:
        sources.change(source, by="imports", at=at, mapping=row)


def _keep(made: Import, rows: Iterable[tables.Row]) -> int:
    """Store the rows in parts; how many there were."""
    count, number, rest = 0, 0, iter(rows)
    with connection.cursor() as cursor:
        while part := list(islice(rest, PART_ROWS)):
            count += len(part)
            if count > MOST_ROWS:
                raise tables.BadTable(f"it has more than {MOST_ROWS:,} rows; cut it into several")
            content = bulk.Json([[row.line, dict(row.cells), row.problem] for row in part])
            columns = ("owner_id", "number", "rows", "passed")
            bulk.copy_rows(cursor, ImportPart._meta.db_table, columns, [(made.pk, number, content, 0)])
            number += 1
    return count


def _check_choices(choices: Mapping[str, Mapping[str, Any]], headings: Mapping[str, str]) -> None:
    problems = {}
    taken: dict[str, str] = {}
    types = imports.types()
    for column, choice in choices.items():
        if found := _problem(column, choice, taken, types, headings):
            problems[column] = found
        taken.setdefault(choice.get("to", ""), headings.get(column, column))
    if not {"email", tables.USER_ID} & set(taken):
        problems["__all__"] = "Say which column holds the e-mail address or the user id: people are recognised by it."
    if problems:
        raise ValidationError(problems)
    try:
        compile_mapping(key="columns", rows=tables.choices_as_rows(choices, types=types))
    except BadMapping as error:
        raise ValidationError({"__all__": str(error)}) from None


def _problem(
    column: str,
    choice: Mapping[str, Any],
    taken: Mapping[str, str],
    types: Mapping[str, str],
    headings: Mapping[str, str],
) -> str | None:
    target = choice.get("to", "")
    if column not in headings:
        return "The file has no such column."
    if target in taken:
        return f"{target} is filled by the column {taken[target]} already."
    if target == tables.USER_ID:
        return None
    if target not in types:
        return f"There is no field {target}."
    if choice.get("as") and choice["as"] not in WAYS[types[target]]:
        return f"A {types[target]} is not read that way; there are {', '.join(WAYS[types[target]])}."
    return None


def _record(action: str, import_: Import, *, by: User, at: datetime, **detail: Any) -> None:
    entries.record(
        action=f"import.{action}", object_kind="import", object_key=str(import_.pk), by=by, at=at, detail=detail
    )
