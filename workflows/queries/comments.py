"""What people say about the steps of a workflow, as threads."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count

from workflows.models import StepComment, Workflow


@dataclass(frozen=True, slots=True)
class Thread:
    """A comment with its answers, oldest first."""

    first: StepComment
    answers: tuple[StepComment, ...]

    @property
    def is_resolved(self) -> bool:
        return self.first.resolved_at is not None


def threads(workflow: Workflow, step: str) -> list[Thread]:
    """Everything said about one step: open threads first, then resolved ones. One query."""
    return _threads(StepComment.objects.filter(workflow=workflow, step=step))


def elsewhere(workflow: Workflow, steps: Iterable[str]) -> list[Thread]:
    """What was said about steps that are not among these any more."""
    return _threads(StepComment.objects.filter(workflow=workflow).exclude(step__in=list(steps)))


def _threads(rows: object) -> list[Thread]:
    found = list(rows.select_related("author", "resolved_by").order_by("pk"))  # type: ignore[attr-defined]
    answers: dict[int, list[StepComment]] = {}
    for row in found:
        if row.thread_id:
            answers.setdefault(row.thread_id, []).append(row)
    made = [Thread(row, tuple(answers.get(row.pk, ()))) for row in found if row.thread_id is None]
    return sorted(made, key=lambda thread: thread.is_resolved)


def open_by_step(workflow: Workflow) -> dict[str, int]:
    """How many open threads each step has."""
    return open_in([workflow]).get(workflow.pk, {})


def open_in(workflows: Iterable[Workflow]) -> dict[int, dict[str, int]]:
    """The same of several workflows, by their id. One query."""
    rows = StepComment.objects.filter(workflow__in=list(workflows), thread=None, resolved_at=None)
    found: dict[int, dict[str, int]] = {}
    for workflow_id, step, count in rows.values_list("workflow_id", "step").annotate(Count("pk")).order_by():
        found.setdefault(workflow_id, {})[step] = count
    return found
