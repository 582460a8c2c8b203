"""What the owner of a field does with a value that somebody else wanted written (requirement C8)."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from martechops.audit import entries
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.actions import contact_fields
from workflows.models import ChangeRequest, Contact, Field, Status


class AlreadyDecided(Exception):
    """Somebody of the team has applied or refused it meanwhile."""


class CannotApply(Exception):
    """The value cannot be written as things are now; the message says why."""


@transaction.atomic
def apply(*, request: ChangeRequest, by: User, at: datetime, reason: str = "") -> ChangeRequest:
    """Write the value, in the name of who decides. Raises NotAllowed, AlreadyDecided and CannotApply."""
    request = _open(request, by)
    field = Field.objects.filter(key=request.field).first()
    contact = Contact.objects.select_for_update().filter(pk=request.contact_id).first()
    if field is None or contact is None:
        raise CannotApply("The field or the contact is gone: refuse it instead.")
    if field.status == Status.FROZEN:
        raise CannotApply("The field is frozen: an admin can thaw it.")
    try:
        value = contact_fields.clean(field, request.value)
    except ValidationError as error:
        raise CannotApply("; ".join(error.messages)) from None
    contact_fields.apply(contact, field, value, writer=by.get_username(), at=at)
    return _decide(request, ChangeRequest.State.APPLIED, by=by, at=at, reason=reason)


@transaction.atomic
def refuse(*, request: ChangeRequest, by: User, at: datetime, reason: str) -> ChangeRequest:
    """Leave the value as it is. Raises NotAllowed, AlreadyDecided, and ValidationError without a reason."""
    request = _open(request, by)
    if not reason.strip():
        raise ValidationError({"reason": "Say why, for those who asked."})
    return _decide(request, ChangeRequest.State.REFUSED, by=by, at=at, reason=reason.strip())


def _open(request: ChangeRequest, by: User) -> ChangeRequest:
    """The request, locked, if `by` may decide it and nobody has."""
    locked = ChangeRequest.objects.select_for_update(of=("self",)).select_related("owner").get(pk=request.pk)
    check_may(by, "change-requests.decide", locked)
    if locked.state != ChangeRequest.State.REQUESTED:
        raise AlreadyDecided(f"It was {locked.state} meanwhile.")
    return locked


def _decide(request: ChangeRequest, state: str, *, by: User, at: datetime, reason: str) -> ChangeRequest:
    request.state, request.reason, request.decided_by, request.decided_at = state, reason, by, at
    request.save()
    entries.record(
        action=f"change-request.{'apply' if state == ChangeRequest.State.APPLIED else 'refuse'}",
        object_kind="contact",
        object_key=str(request.contact_id),
        by=by,
        at=at,
        detail={"request": request.pk, "field": request.field, "asked_by": request.requested_by, "reason": reason},
    )
    return request
