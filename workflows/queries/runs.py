"""Runs as people look for them."""

from dataclasses import dataclass

from django.db.models import QuerySet

from martechops.lib import windows
from workflows.models import Effect, Run, Timer, Version


@dataclass(frozen=True, slots=True)
class RunFilter:
    """What the address bar asks for; empty means any."""

    workflow_id: int | None = None
    state: str = ""
    step: str = ""
    contact_id: int | None = None


def window(wanted: RunFilter, *, before: str = "") -> windows.Window[Run]:
    """Runs that answer the filter, newest first."""
    return windows.by_id(_matching(wanted), before=before)


def _matching(wanted: RunFilter) -> QuerySet[Run]:
    rows = Run.objects.all()
    if wanted.workflow_id is not None:
        rows = rows.filter(workflow_id=wanted.workflow_id)
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.step:
        rows = rows.filter(step=wanted.step)
    if wanted.contact_id is not None:
        rows = rows.filter(contact_id=wanted.contact_id)
    return rows


def of_contact(contact_id: int, *, limit: int = 50) -> list[Run]:
    """A contact's runs, newest first."""
    return list(Run.objects.filter(contact_id=contact_id).order_by("-pk")[:limit])


def effects(run: Run) -> list[Effect]:
    """What a run asked to be done, in order; found through its subject, whose effects are indexed."""
    own = Effect.objects.filter(contact_id=run.contact_id, content_id=run.content_id)
    return list(own.filter(run_id=run.pk).order_by("pk"))


def timer(run_id: int) -> Timer | None:
    """When a waiting run goes on."""
    return Timer.objects.filter(pk=run_id).first()


def versions(ids: set[int]) -> dict[int, Version]:
    """Versions that runs are pinned to, by id."""
    return {version.pk: version for version in Version.objects.filter(pk__in=ids).select_related("workflow")}
