"""What people answer to runs: steps approved or refused, hand-offs and leads taken. Each answer wakes its run."""

from datetime import datetime
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction

from martechops.audit import entries
from martechops.people.models import User
from martechops.people.permissions import NotAllowed, check_may
from workflows.engine.internal import ANSWERED, InternalEvent, subject_of
from workflows.models import Assignment, ContentItem, Handoff, StepApproval
from workflows.queries import content

from . import internal_events


class AlreadyAnswered(Exception):
    """Somebody has answered meanwhile, or the time was over."""


Asked = TypeVar("Asked", StepApproval, Handoff, Assignment)


@transaction.atomic
def approve(*, approval: StepApproval, by: User, at: datetime, note: str = "") -> StepApproval:
    """The run may go on. Raises NotAllowed and AlreadyAnswered."""
    return _decide(approval, StepApproval.State.APPROVED, "yes", by=by, at=at, note=note)


@transaction.atomic
def refuse(*, approval: StepApproval, by: User, at: datetime, note: str) -> StepApproval:
    """The run goes its other way. Raises NotAllowed, AlreadyAnswered, and ValidationError without a reason."""
    _needs(note)
    return _decide(approval, StepApproval.State.REFUSED, "no", by=by, at=at, note=note)


def _decide(approval: StepApproval, state: str, answer: str, *, by: User, at: datetime, note: str) -> StepApproval:
    item = ContentItem.objects.select_for_update(of=("self",)).filter(pk=approval.content_id or 0).first()
    locked = _open(StepApproval, approval.pk, StepApproval.State.ASKED)
    check_may(by, "handwork.answer", locked)
    if item is not None and answer == "yes":
        _agree(item, by)
    locked.state, locked.reason, locked.decided_by, locked.decided_at = state, note.strip(), by, at
    locked.save()
    _record("step.approve" if answer == "yes" else "step.refuse", locked, by=by, at=at, note=note)
    _answer(locked, answer, by=by, at=at, note=note)
    return locked


def _agree(item: ContentItem, by: User) -> None:
    """To the words as they are now, which are read-only meanwhile. Raises NotAllowed for who wrote them or asked for
    their review (four eyes).
    """
    if by.pk in content.authors([item.pk])[item.pk]:
        raise NotAllowed(f"You wrote {item.name}, and nobody agrees to their own work: somebody else has to.")
    if by.pk == content.asked_by(item):
        raise NotAllowed(f"You asked for the review of {item.name}, so somebody else has to answer.")
    if item.state == ContentItem.State.APPROVAL:
        # No edit and no move: who agreed stands in the answer itself, beside the history of the item.
        ContentItem.objects.filter(pk=item.pk).update(approved_digest=item.digest)


@transaction.atomic
def accept(*, handoff: Handoff, by: User, at: datetime) -> Handoff:
    """The team takes the work. Raises NotAllowed and AlreadyAnswered."""
    locked = _open(Handoff, handoff.pk, Handoff.State.OFFERED)
    check_may(by, "handwork.answer", locked)
    locked.state, locked.decided_by, locked.accepted_at = Handoff.State.ACCEPTED, by, at
    locked.save()
    _record("handoff.accept", locked, by=by, at=at)
    if locked.awaited:
        _answer(locked, "accepted", by=by, at=at)
    return locked


@transaction.atomic
def give_back(*, handoff: Handoff, by: User, at: datetime, note: str) -> Handoff:
    """The team does not take it. Raises NotAllowed, AlreadyAnswered, and ValidationError without a reason."""
    _needs(note)
    locked = _open(Handoff, handoff.pk, Handoff.State.OFFERED)
    check_may(by, "handwork.answer", locked)
    locked.state, locked.reason, locked.decided_by, locked.ended_at = Handoff.State.REFUSED, note.strip(), by, at
    locked.save()
    _record("handoff.refuse", locked, by=by, at=at, note=note)
    if locked.awaited:
        _answer(locked, "refused", by=by, at=at, note=note)
    return locked


@transaction.atomic
def complete(*, handoff: Handoff, by: User, at: datetime) -> Handoff:
    """The work is done. Raises NotAllowed and AlreadyAnswered."""
    locked = _open(Handoff, handoff.pk, Handoff.State.ACCEPTED)
    check_may(by, "handwork.answer", locked)
    locked.state, locked.ended_at = Handoff.State.DONE, at
    locked.save()
    _record("handoff.complete", locked, by=by, at=at)
    return locked


@transaction.atomic
def take(*, assignment: Assignment, by: User | str, at: datetime) -> Assignment:
    """Its owner looks after the lead. Raises NotAllowed and AlreadyAnswered."""
    return _settle(assignment, Assignment.State.TAKEN, "accepted", by=by, at=at)


@transaction.atomic
def pass_on(*, assignment: Assignment, by: User | str, at: datetime) -> Assignment:
    """Its owner does not: the run gives it to somebody else. Raises NotAllowed and AlreadyAnswered."""
    return _settle(assignment, Assignment.State.REFUSED, "refused", by=by, at=at)


def _settle(assignment: Assignment, state: str, answer: str, *, by: User | str, at: datetime) -> Assignment:
    locked = _open(Assignment, assignment.pk, Assignment.State.OPEN)
    if isinstance(by, User):
        check_may(by, "assignments.answer")
    locked.state = state
    locked.ended_at = None if answer == "accepted" else at
    locked.save()
    _record(f"assignment.{answer}", locked, by=by, at=at)
    _answer(locked, answer, by=by, at=at)
    return locked


def _needs(note: str) -> None:
    if not note.strip():
        raise ValidationError({"note": "Say why, for those who asked."})


def _open(model: type[Asked], pk: int, state: str) -> Asked:
    row = model._default_manager.select_for_update(of=("self",)).get(pk=pk)
    if row.state != state:
        raise AlreadyAnswered(f"Meanwhile it is {row.get_state_display().lower()}.")
    return row


def _answer(row: Asked, answer: str, *, by: User | str, at: datetime, note: str = "") -> None:
    subject = subject_of(contact_id=row.contact_id, content_id=getattr(row, "content_id", None))
    said = {
        "run_id": row.run_id,
        "step": row.step,
        "answer": answer,
        "by": by.get_username() if isinstance(by, User) else by,
        "note": note.strip(),
    }
    internal_events.write([InternalEvent(ANSWERED, subject, at, said)])


def _record(action: str, row: Asked, *, by: User | str, at: datetime, note: str = "") -> None:
    detail = {"id": row.pk, "step": row.step, "note": note.strip()}
    entries.record(action=action, object_kind="run", object_key=str(row.run_id), by=by, at=at, detail=detail)
