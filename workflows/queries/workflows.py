"""Workflows as people look them up: the list, one with its versions, and how many are where."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery

from workflows.models import Activation, Run, Version, Workflow


@dataclass(frozen=True, slots=True)
class WorkflowLine:
    """One line of the list."""

    workflow: Workflow
    #: The version that is live, or the newest one where none is.
    version: Version | None
    #: The open draft, without its content.
    draft: Version | None
    live_since: datetime | None
    in_flight: int
    last_run_at: datetime | None


def listed() -> list[WorkflowLine]:
    """Every workflow, those that run before those that only document; as many queries whatever there is."""
    newest_run = Run.objects.filter(workflow_id=OuterRef("pk")).order_by("-pk").values("entered_at")[:1]
    found = list(_complete(Workflow.objects.annotate(last_run_at=Subquery(newest_run)).order_by("map_only", "name")))
    in_flight = people_in_flight()
    lines = [_line(workflow, in_flight=in_flight.get(workflow.pk, 0)) for workflow in found]
    _fill(lines)
    return lines


def _fill(lines: list[WorkflowLine]) -> None:
    """Give every version of a line its content, in one query."""
    shown = {line.version.pk: line.version for line in lines if line.version}
    for pk, content in Version.objects.filter(pk__in=shown).values_list("pk", "content"):
        shown[pk].content = content


def _line(workflow: Workflow, *, in_flight: int) -> WorkflowLine:
    live = _first(workflow.live_now)  # type: ignore[attr-defined]
    versions = {version.pk: version for version in workflow.versions.all()}
    version = versions[live.version_id] if live else next(iter(versions.values()), None)
    return WorkflowLine(
        workflow=workflow,
        version=version,
        draft=next((one for one in versions.values() if one.frozen_at is None), None),
        live_since=live.since if live else None,
        in_flight=in_flight,
        last_run_at=workflow.last_run_at,  # type: ignore[attr-defined]
    )


def _first(rows: list[Activation]) -> Activation | None:
    return rows[0] if rows else None


def _complete(rows: QuerySet[Workflow]) -> QuerySet[Workflow]:
    """With owner, versions newest first and without content, and `live_now`: the one activation in a list."""
    live = Activation.objects.filter(until=None)
    return rows.select_related("owner", "target").prefetch_related(
        Prefetch("versions", queryset=Version.objects.select_related("author").defer("content").order_by("-number")),
        Prefetch("activations", queryset=live, to_attr="live_now"),
    )


def found(key: str) -> WorkflowLine | None:
    """One workflow by key, with its versions, its current-state maps and the workflow it is to replace."""
    workflow = _complete(Workflow.objects.filter(key=key)).prefetch_related("current_states").first()
    if workflow is None:
        return None
    workflow.last_run_at = None  # type: ignore[attr-defined]
    return _line(workflow, in_flight=people_in_flight().get(workflow.pk, 0))


def people_in_flight() -> dict[int, int]:
    """How many runs wait somewhere, by workflow."""
    waiting = Run.objects.filter(state=Run.State.WAITING)
    return dict(waiting.values_list("workflow_id").annotate(Count("pk")).order_by())


def waiting_by_step(workflow_id: int) -> dict[str, int]:
    """How many runs of a workflow wait at each step now, all versions together."""
    waiting = Run.objects.filter(workflow_id=workflow_id, state=Run.State.WAITING)
    return dict(waiting.values_list("step").annotate(Count("pk")).order_by())
