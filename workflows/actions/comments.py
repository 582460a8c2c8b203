"""What people say to each other about a step: said, answered, resolved, taken up again."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from martechops.audit import entries
from martechops.people.models import User
from workflows.models import StepComment, Workflow

LONGEST = 4000


@transaction.atomic
def add(
    *, workflow: Workflow, step: str, text: str, by: User, at: datetime, thread: StepComment | None = None
) -> StepComment:
    """Say something about a step, or answer what somebody said; an answer takes a resolved thread up again.

    Raises ValidationError for an empty text, or an answer to a thread of another step.
    """
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise ValidationError({"text": f"Write something, of at most {LONGEST} letters."})
    if thread and (thread.workflow_id, thread.step, thread.thread_id) != (workflow.pk, step, None):
        raise ValidationError({"thread": "That was said about another step."})
    comment = StepComment.objects.create(workflow=workflow, step=step, text=text, author=by, at=at, thread=thread)
    if thread:
        StepComment.objects.filter(pk=thread.pk).exclude(resolved_at=None).update(resolved_at=None, resolved_by=None)
    _record("comment.add", comment, by=by, at=at)
    return comment


@transaction.atomic
def resolve(*, comment: StepComment, by: User, at: datetime, resolved: bool = True) -> StepComment:
    """Close a thread, or open it again; nothing happens to one that is so already."""
    comment = StepComment.objects.select_for_update().select_related("workflow").get(pk=comment.thread_id or comment.pk)
    if bool(comment.resolved_at) == resolved:
        return comment
    comment.resolved_at, comment.resolved_by = (at, by) if resolved else (None, None)
    comment.save()
    _record("comment.resolve" if resolved else "comment.reopen", comment, by=by, at=at)
    return comment


def follow(*, workflow: Workflow, old: str, new: str) -> None:
    """Take what was said about a step along to its new key; part of the edit that renames it."""
    StepComment.objects.filter(workflow=workflow, step=old).update(step=new)


def _record(action: str, comment: StepComment, *, by: User, at: datetime) -> None:
    entries.record(
        action=action,
        object_kind="workflow",
        object_key=comment.workflow.key,
        by=by,
        at=at,
        detail={"step": comment.step, "comment": comment.pk},
    )
