"""One way to write a definition: checked, versioned, kept in its history, entered in the audit log."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction

from martechops.audit import entries
from martechops.lib import digest, history
from martechops.people.models import Role, Team, User
from martechops.people.permissions import NotAllowed, check_may
from workflows.actions import reviews, soundness
from workflows.engine import ownership
from workflows.engine.difference import differences
from workflows.models import DefinitionVersion, StageOwnership, Status
from workflows.queries import documents

Row = TypeVar("Row", bound=models.Model)

#: What a status may become, and the role it takes besides that of whoever may change the definition at all.
STATUS_CHANGES: Mapping[tuple[str, str], Role | None] = {
    (Status.DRAFT, Status.AGREED): None,
    (Status.AGREED, Status.DRAFT): None,
    (Status.AGREED, Status.FROZEN): None,
    (Status.FROZEN, Status.AGREED): Role.ADMIN,
}


class Conflict(Exception):
    """Somebody else has changed it since it was opened: `theirs` is what it says now, `yours` what you wanted."""

    def __init__(self, *, number: int, theirs: Mapping[str, Any], yours: Mapping[str, Any]) -> None:
        self.number, self.theirs, self.yours = number, theirs, yours
        self.differences = differences(theirs, yours)
        super().__init__(f"It was changed meanwhile and is at version {number} now.")


class Frozen(Exception):
    """The definition is frozen: nobody changes it until an admin thaws it."""


class WrongStatus(Exception):
    """A status does not become that other one; the message says which it may become."""


class OutsideWindow(NotAllowed):
    """The stage belongs to other teams, or it is not the time to change it."""


@transaction.atomic
def save(
    row: Row,
    *,
    by: User | str,
    at: datetime,
    note: str = "",
    expected: int | None = None,
    consumers: Iterable[Team] | None = None,
) -> Row:
    """Write a definition of any kind, or a workflow; a version is kept if it says something new.

    `expected` is the number of the version that was opened (0 for none), None not to ask. `consumers` are those of an
    event type, which come with it. A status is changed by `set_status` only. A name of the system as `by` is not asked
    for its team. Raises ValidationError, NotAllowed, Frozen, WrongStatus and Conflict.
    """
    teams = list(consumers) if consumers is not None else None
    stored = _checked(row, by=by, at=at, expected=expected, teams=teams)
    return _write(row, stored, by=by, at=at, note=note, teams=teams)


@transaction.atomic
def check(
    row: models.Model, *, by: User | str, at: datetime, expected: int | None = None, consumers: Iterable[Team] | None
) -> None:
    """Return if `save` would write it now; raises what `save` raises. Asked before a person is asked to confirm."""
    _checked(row, by=by, at=at, expected=expected, teams=list(consumers) if consumers is not None else None)


@transaction.atomic
def set_status(row: Row, *, to: str, by: User | str, at: datetime, note: str = "", expected: int | None = None) -> Row:
    """Agree, freeze, take back, or thaw (an admin, who says why). Raises WrongStatus and what `save` raises."""
    current = _stored(row)
    if current is None:
        raise WrongStatus("It has to be saved first.")
    old = getattr(current, "status", None)
    if old is None or (old, to) not in STATUS_CHANGES:
        possible = ", ".join(after for before, after in STATUS_CHANGES if before == old) or "nothing else"
        raise WrongStatus(f"What is {old or 'without a status'} can become {possible}.")
    check_may_change(current, stored=current, by=by, at=at)
    role = STATUS_CHANGES[old, to]
    if role and isinstance(by, User) and not by.has_role(role):
        raise NotAllowed(f"This takes the role {role.label.lower()}.")
    if old == Status.FROZEN and not note.strip():
        raise ValidationError({"note": "Say why it is thawed."})
    number = documents.latest_number(current)
    if expected is not None and number != expected:
        document = documents.document_of(current)
        raise Conflict(number=number, theirs=document, yours=document | {"status": to})
    current.status = to  # type: ignore[attr-defined]
    return _write(current, _stored(row), by=by, at=at, note=note, action="status")


@transaction.atomic
def restore(
    version: DefinitionVersion, *, by: User | str, at: datetime, note: str = "", expected: int | None = None
) -> models.Model:
    """Say again what a former version said; its status and its name stay as they are. Raises what `save` raises."""
    row = documents.row_of(version)
    kind = documents.KINDS[version.kind]
    content = {name: value for name, value in version.content.items() if name not in ("status", kind.key)}
    try:
        consumers = documents.fill(row, content)
    except LookupError as error:
        raise ValidationError(f"Version {version.number} cannot be restored: {error.args[0]}.") from None
    note = note or f"Version {version.number} restored"
    return save(row, by=by, at=at, note=note, expected=expected, consumers=consumers)


def _checked(row: Row, *, by: User | str, at: datetime, expected: int | None, teams: list[Team] | None) -> Row | None:
    """The stored row, locked, if what `row` holds now may be written over it."""
    stored = _stored(row)
    check_may_change(row, stored=stored, by=by, at=at)
    if documents.kind_of(row) is None:
        reviews.check_free(str(row._meta.model_name), documents.key_of(stored or row))
        row.full_clean()
        return stored
    before = documents.document_of(stored) if stored else {}
    after = documents.document_of(row, consumers=teams)
    if stored and expected is not None and (number := documents.latest_number(stored)) != expected:
        raise Conflict(number=number, theirs=before, yours=after)
    check_status(before, after, by=by)
    soundness.check(row)
    return stored


def check_may_change(row: models.Model, *, stored: models.Model | None, by: User | str, at: datetime) -> None:
    """Return if `by` may give the row what it holds now: own team before and after, and its stage open.

    Raises NotAllowed. An admin may at any time; the audit entry says who it was.
    """
    if isinstance(by, str):
        return
    action = "workflows.edit" if documents.kind_of(row) is None else "definitions.edit"
    if stored is not None:
        check_may(by, action, stored)
    check_may(by, action, row)
    kind = documents.kind_of(row)
    if kind is None or by.has_role(Role.ADMIN):
        return
    if objection := _objection(kind.name, stored or row, by, at):
        raise OutsideWindow(objection + ".")


def _objection(kind: str, row: models.Model, by: User, at: datetime) -> str | None:
    stages = getattr(row, "written_in", None) or ([ownership.STAGE_OF[kind]] if kind in ownership.STAGE_OF else [])
    if not stages:
        return None
    duties = [
        ownership.Duty(stage=row.stage, team=row.team.key, window=row.window)
        for row in StageOwnership.objects.filter(stage__in=stages).select_related("team")
    ]
    teams = set(by.teams.values_list("key", flat=True)) if duties else set()
    return ownership.objection(kind, stages=stages, duties=duties, teams=teams, at=at)


def _stored(row: Row) -> Row | None:
    """The row as it is now, locked until the end of the transaction; None for a new one."""
    if row.pk is None:
        return None
    return type(row)._default_manager.select_for_update(of=("self",)).filter(pk=row.pk).first()


def check_status(before: Mapping[str, Any], after: Mapping[str, Any], *, by: User | str) -> None:
    """Return if saving `after` in place of `before` (empty: it is new) leaves the status to who may change it."""
    if before.get("status") == Status.FROZEN and before != after:
        raise Frozen("It is frozen: an admin can thaw it, with a reason.")
    if before and before.get("status") != after.get("status") and not isinstance(by, str):
        raise WrongStatus("A status is changed by itself, not together with the rest.")
    if not before and after.get("status") == Status.FROZEN and not isinstance(by, str):
        raise WrongStatus("What is new is a draft or agreed; it is frozen later.")


def _write(
    row: Row,
    stored: models.Model | None,
    *,
    by: User | str,
    at: datetime,
    note: str,
    teams: list[Team] | None = None,
    action: str = "",
) -> Row:
    kind = documents.kind_of(row)
    history.sign(row, by=by, note=note)
    row.save()
    if teams is not None:
        row.consumers.set(teams)  # type: ignore[attr-defined]
    detail: dict[str, Any] = {"note": note} if note else {}
    if kind:
        detail |= _keep_version(row, kind, by=by, at=at, note=note)
    name = kind.name if kind else str(row._meta.model_name)
    entries.record(
        action=f"{name}.{action or ('change' if stored else 'add')}",
        object_kind=name,
        object_key=documents.key_of(row),
        by=by,
        at=at,
        detail=detail,
    )
    return row


def _keep_version(
    row: models.Model, kind: documents.Kind, *, by: User | str, at: datetime, note: str
) -> dict[str, Any]:
    """Its content as a new version, unless the newest says the same; what the audit log is to know of it."""
    content = documents.document_of(row)
    last = documents.versions_of(row).first()
    found = digest.of(content)
    if last and last.digest == found:
        return {"version": last.number, "changes": []}
    version = DefinitionVersion.objects.create(
        kind=kind.name,
        key=documents.key_of(row),
        object_id=row.pk,
        number=last.number + 1 if last else 1,
        content=content,
        digest=found,
        note=note,
        author=by if isinstance(by, User) else None,
        created_at=at,
    )
    return {
        "version": version.number,
        "digest": found,
        "changes": differences(last.content, content) if last else [],
    }
