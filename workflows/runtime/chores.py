"""Work that runs ask of the installation itself: duplicates looked for, fields normalised, reports asked for.

It is an effect without a far side, so it is planned, traced and shown like any other. One transaction does it and says
so: it happens exactly once, or not at all and again.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import OperationalError, connection, transaction

from martechops.lib import failures
from martechops.lib.frozen import dataclass
from workflows.actions import field_changes, memberships
from workflows.actions.field_changes import Changed
from workflows.engine.coercions import CannotCoerce
from workflows.engine.spelling import in_one_spelling
from workflows.models import Contact, DuplicateFinding, Effect, Field, ReportRequest, Workflow

from .claim import database_now

log = structlog.get_logger()

#: Contacts that are normalised in one statement's reach.
_SLICE = 1_000
_CONTACTS, _FINDINGS = Contact._meta.db_table, DuplicateFinding._meta.db_table


@dataclass(frozen=True, slots=True)
class Chore:
    """One of them, claimed."""

    id: int
    key: UUID
    run_id: int
    workflow_id: int
    contact_id: int | None
    step: str
    kind: str
    payload: Mapping[str, Any]


def perform(*, limit: int = 20, at: datetime | None = None) -> int:
    """Do what is planned, oldest first; how many were done or failed."""
    done = 0
    while done < limit and _next(at=at):
        done += 1
    return done


@transaction.atomic
def _next(*, at: datetime | None) -> bool:
    now = at or database_now()
    rows = Effect.objects.select_for_update(skip_locked=True).filter(state="planned", system="", not_before__lte=now)
    row = rows.order_by("not_before", "id").first()
    if row is None:
        return False
    chore = Chore(row.pk, row.key, row.run_id, row.workflow_id, row.contact_id, row.step, row.kind, row.payload)
    try:
        with transaction.atomic():
            says, details = _DOERS[row.kind](chore, now)
        row.state, row.outcome = (
            Effect.State.DONE,
            {"content": row.payload, "receipt": {"says": says, "details": details}},
        )
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it did was taken back; the others go on
        log.error("chore_failed", kind=row.kind, error=failures.place(error))
        row.state, row.reason = Effect.State.FAILED, f"it could not be done: {type(error).__name__}"
    row.ended_at, row.tries = now, row.tries + 1
    row.save(update_fields=["state", "outcome", "reason", "ended_at", "tries"])
    return True


Done = tuple[str, dict[str, Any]]


def _find_duplicates(chore: Chore, at: datetime) -> Done:
    """Contacts that share a value in one of the fields: of one contact, or of all. One statement a field."""
    found = sum(_alike(chore, name, at) for name in _names(chore.payload.get("fields")))
    return f"{found} pair{'' if found == 1 else 's'} found", {"pairs": found}


def _alike(chore: Chore, name: str, at: datetime) -> int:
    """Equal without regard to case and white space; each contact with the oldest that has the value."""
    value = f"lower(btrim({_value_of(name)}))"
    one = "AND %(contact)s IN (first, id)" if chore.contact_id else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH valued AS (
                SELECT c.id, {value} AS value, min(c.id) OVER (PARTITION BY {value}) AS first FROM {_CONTACTS} c
                WHERE coalesce({value}, '') <> ''
            )
            INSERT INTO {_FINDINGS} (contact_id, other_id, by, state, run_id, found_at)
            SELECT first, id, json_build_object(%(field)s::text, value), 'found', %(run)s, %(at)s FROM valued
            WHERE id <> first {one} ORDER BY 1, 2 ON CONFLICT DO NOTHING
            """,  # noqa: S608  names of our own; the field is a value
            {"field": name, "run": chore.run_id, "at": at, "contact": chore.contact_id},
        )
        return int(cursor.rowcount)


def _value_of(name: str) -> str:
    return f"c.{name}" if name in ("email", "lifecycle_stage") else "(c.fields ->> %(field)s::text)"


def _propose_merge(chore: Chore, at: datetime) -> Done:
    """What its run, or anyone before it, found and nobody decided: put before people."""
    found = DuplicateFinding.objects.filter(state=DuplicateFinding.State.FOUND)
    if chore.contact_id:
        found = found.filter(contact_id=chore.contact_id) | found.filter(other_id=chore.contact_id)
    count = found.update(state=DuplicateFinding.State.PROPOSED)
    return f"{count} merge{'' if count == 1 else 's'} proposed", {"proposed": count}


def _normalise_fields(chore: Chore, at: datetime) -> Done:
    """Each value in the one spelling of its type, contact by contact, with history and what follows from it."""
    types = dict(Field.objects.filter(key__in=_names(chore.payload.get("fields"))).values_list("key", "type"))
    writer = Workflow.objects.values_list("key", flat=True).get(pk=chore.workflow_id)
    changed = after = 0
    while rows := list(Contact.objects.select_for_update().filter(pk__gt=after).order_by("pk")[:_SLICE]):
        after = rows[-1].pk
        changes = [change for row in rows for change in _normalised(row, types, chore, writer, at)]
        moved = [row for row in rows if row.pk in {change.contact_id for change in changes}]
        Contact.objects.bulk_update(moved, ["fields", "updated_at"])
        field_changes.write(changes, at=at)
        memberships.follow(changes, at=at)
        changed += len(changes)
    return f"{changed} value{'' if changed == 1 else 's'} normalised", {"changed": changed}


def _normalised(row: Contact, types: Mapping[str, str], chore: Chore, writer: str, at: datetime) -> list[Changed]:
    """An address is how a contact is recognised and kept in one spelling from the first, so it is not touched here."""
    changes = []
    for name, kind in types.items():
        old = row.fields.get(name)
        new = _in_one_spelling(old, kind) if old is not None else None
        if new is None or new == old:
            continue
        row.fields[name], row.updated_at = new, at
        changes.append(
            Changed(
                contact_id=row.pk,
                field=name,
                old=old,
                new=new,
                writer=writer,
                run_id=chore.run_id,
                step=chore.step,
            )
        )
    return changes


def _in_one_spelling(value: Any, kind: str) -> Any:
    """None where it cannot be read as what it should be: that is for a person."""
    try:
        return in_one_spelling(value, kind)
    except (CannotCoerce, KeyError):
        return None


def _ask_reporting(chore: Chore, at: datetime) -> Done:
    """Reporting looks for these rows itself: nothing here knows of it."""
    ReportRequest.objects.create(
        key=chore.key,
        run_id=chore.run_id,
        workflow_id=chore.workflow_id,
        step=chore.step,
        kind=chore.kind,
        arguments=dict(chore.payload),
        asked_at=at,
    )
    return "asked of reporting", {}


def _names(written: object) -> Sequence[str]:
    return [written] if isinstance(written, str) else [str(one) for one in written] if isinstance(written, list) else []


_DOERS: Mapping[str, Callable[[Chore, datetime], Done]] = {
    "find_duplicates": _find_duplicates,
    "propose_merge": _propose_merge,
    "normalise_fields": _normalise_fields,
    "refresh_reports": _ask_reporting,
}
