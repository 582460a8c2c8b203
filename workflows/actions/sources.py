"""Making sources of events."""

import secrets
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from martechops.audit import entries
from martechops.people.permissions import check_may
from workflows.models import Mapping, Source, System


def create(
    *,
    key: str,
    name: str,
    by: AbstractBaseUser | str,
    at: datetime,
    system: System | None = None,
    mapping: Mapping | None = None,
) -> Source:
    """A new source with a write key of its own (`source.write_key`). IntegrityError where the key is taken."""
    if not isinstance(by, str):
        check_may(by, "sources.manage")
    source = Source(
        key=key, name=name, write_key=secrets.token_urlsafe(24), system=system, mapping=mapping, created_at=at
    )
    source._history_user = None if isinstance(by, str) else by  # type: ignore[attr-defined] # simple-history reads it
    with transaction.atomic():
        source.save(force_insert=True)
        entries.record(
            action="source.create", object_kind="source", object_key=key, by=by, at=at, detail={"name": name}
        )
    return source
