"""One way to write a definition: checked, kept in its history, entered in the audit log."""

from datetime import datetime
from typing import TypeVar

from django.db import models, transaction

from martechops.audit import entries
from martechops.people.models import User

Row = TypeVar("Row", bound=models.Model)


@transaction.atomic
def save(row: Row, *, by: User | str, at: datetime) -> Row:
    """Write a system, stage, field, event type, mapping, template or workflow. Raises ValidationError."""
    row.full_clean()
    known = row.pk is not None
    row.save()
    kind = row._meta.model_name or ""
    entries.record(
        action=f"{kind}.{'change' if known else 'add'}",
        object_kind=kind,
        object_key=str(getattr(row, "key", None) or row),
        by=by,
        at=at,
    )
    return row
