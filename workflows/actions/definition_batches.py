"""New definitions by the hundred: each checked as `definitions.save` checks it, and written in a few statements."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from simple_history.utils import bulk_create_with_history

from martechops.audit import entries
from martechops.audit.entries import Happened
from martechops.lib import digest
from martechops.people.models import Team, User
from martechops.people.permissions import NotAllowed
from workflows.actions import definitions, soundness
from workflows.models import DefinitionVersion, EventType
from workflows.queries import documents


class Refused(Exception):
    """One of them cannot be written, so none was: `row` is that one, the message says why."""

    def __init__(self, row: models.Model, error: Exception) -> None:
        self.row = row
        super().__init__("; ".join(error.messages) if isinstance(error, ValidationError) else str(error))


@transaction.atomic
def add(
    rows: Sequence[models.Model],
    *,
    by: User | str,
    at: datetime,
    note: str = "",
    consumers: Mapping[str, Sequence[Team]] | None = None,
) -> None:
    """Write new rows of one kind, none of which refers to another of them. `consumers` by the name of the event type.

    Each has a version, its history and an audit entry, as by `definitions.save`. Raises Refused, and IntegrityError for
    a name that is taken.
    """
    kind, teams = documents.kind_of(rows[0]), consumers or {}
    assert kind is not None
    for row in rows:
        try:
            definitions.check_may_change(row, stored=None, by=by, at=at)
            definitions.check_status({}, {"status": getattr(row, "status", "")}, by=by)
            soundness.check(row, alone=True)
        except (ValidationError, NotAllowed, definitions.WrongStatus) as error:
            raise Refused(row, error) from error
    person = by if isinstance(by, User) else None
    bulk_create_with_history(rows, kind.model, default_user=person, default_change_reason=note[:100] or None)
    if kind.model is EventType:
        _give_consumers(rows, teams)
    contents = [
        documents.document_of(row, consumers=teams.get(documents.key_of(row), ()) if teams else None) for row in rows
    ]
    versions = [_version(row, content, person, at, note) for row, content in zip(rows, contents, strict=True)]
    DefinitionVersion.objects.bulk_create(versions)
    entries.record_all([_happened(version, note) for version in versions], by=by, at=at)


def _give_consumers(rows: Sequence[models.Model], teams: Mapping[str, Sequence[Team]]) -> None:
    through: Any = EventType.consumers.through
    through.objects.bulk_create(
        [
            through(eventtype_id=row.pk, team_id=team.pk)
            for row in rows
            for team in dict.fromkeys(teams.get(documents.key_of(row), ()))
        ]
    )


def _version(
    row: models.Model, content: dict[str, Any], author: User | None, at: datetime, note: str
) -> DefinitionVersion:
    return DefinitionVersion(
        kind=content["kind"],
        key=documents.key_of(row),
        object_id=row.pk,
        number=1,
        content=content,
        digest=digest.of(content),
        note=note,
        author=author,
        created_at=at,
    )


def _happened(version: DefinitionVersion, note: str) -> Happened:
    detail = {"version": 1, "digest": version.digest, "changes": []}
    return Happened(f"{version.kind}.add", version.kind, version.key, detail | ({"note": note} if note else {}))
