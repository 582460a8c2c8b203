"""Taking away a definition that nothing refers to; what it said stays in its history and its versions."""

from datetime import datetime

from django.db import models, transaction
from django.db.models import ProtectedError

from martechops.audit import entries
from martechops.lib import digest, history
from martechops.people.models import User
from workflows.actions import definitions
from workflows.models import DefinitionVersion, Status
from workflows.queries import documents


class InUse(Exception):
    """Something refers to it still; the message says what."""


@transaction.atomic
def remove(row: models.Model, *, by: User | str, at: datetime, note: str = "") -> None:
    """The row goes; a last version says so. What names it in documents the caller has looked for.

    Raises NotAllowed, Frozen, and InUse for what the database itself holds on to.
    """
    definitions.check_may_change(row, stored=row, by=by, at=at)
    if getattr(row, "status", "") == Status.FROZEN:
        raise definitions.Frozen("It is frozen: an admin can thaw it, with a reason.")
    kind, key, pk = documents.KINDS[documents.document_of(row)["kind"]], documents.key_of(row), row.pk
    number = documents.latest_number(row)
    history.sign(row, by=by, note=note)
    try:
        row.delete()
    except ProtectedError as error:
        first = next(iter(error.protected_objects))
        raise InUse(f"{first._meta.verbose_name} {first} refers to it.") from None
    content = {"kind": kind.name, kind.key: key, "removed": True}
    DefinitionVersion.objects.create(
        kind=kind.name,
        key=key,
        object_id=pk,
        number=number + 1,
        content=content,
        digest=digest.of(content),
        note=note,
        author=by if isinstance(by, User) else None,
        created_at=at,
    )
    entries.record(
        action=f"{kind.name}.remove",
        object_kind=kind.name,
        object_key=key,
        by=by,
        at=at,
        detail={"note": note} if note else {},
    )
