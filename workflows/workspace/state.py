"""What the installation holds now, as the documents that its files would hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from martechops.people.models import Team
from workflows.actions import queues, work_calendar
from workflows.models import Activation, Alias, EventType, Queue, Source, StageOwnership, Version, WorkCalendar
from workflows.queries import documents
from workflows.workspace import schemas
from workflows.workspace.kinds import Name, name_of

Documents = dict[Name, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class State:
    """Every definition by its name, and the row that holds it, where one row does."""

    documents: Documents
    rows: Mapping[Name, models.Model] = field(default_factory=dict)


def current(*, live: bool = False) -> State:
    """One or two queries a kind. Of workflows what was frozen last, or with `live` what is live, and open drafts."""
    found: Documents = {}
    rows: dict[Name, models.Model] = {}
    for row, document in (*_teams(), *_definitions(), *_sharing(), *_sources(), *_workflows(live=live)):
        name = name_of(document)
        found[name], rows[name] = document, row
    for document in (*_ownership(), *_aliases()):
        found[name_of(document)] = document
    return State(found, rows)


def _teams() -> Iterator[tuple[models.Model, dict[str, Any]]]:
    for team in Team.objects.all():
        yield team, {"kind": "team", "key": team.key, "name": team.name, "duty": team.duty}


def _definitions() -> Iterator[tuple[models.Model, dict[str, Any]]]:
    for kind in documents.KINDS.values():
        references = [part.name for part in kind.model._meta.fields if isinstance(part, models.ForeignKey)]
        rows = kind.model._default_manager.select_related(*references)
        if kind.model is EventType:
            rows = rows.prefetch_related("consumers")
        for row in rows:
            consumers = row.consumers.all() if isinstance(row, EventType) else None
            yield row, documents.document_of(row, consumers=consumers)


def _sharing() -> Iterator[tuple[models.Model, dict[str, Any]]]:
    """Who shares out leads, and when the workspace works. Who is away is news, and in no file."""
    for row in Queue.objects.select_related("owner"):
        members = [{name: member.get(name) for name in queues.WRITTEN} for member in row.members]
        said = {"name": row.name, "owner": row.owner.key, "members": members, "territories": row.territories}
        yield row, schemas.complete({"kind": "queue", "key": row.key, **said})
    for calendar in WorkCalendar.objects.select_related("owner"):
        said = {part: getattr(calendar, part) for part in work_calendar.PARTS}
        yield calendar, {"kind": "calendar", "key": work_calendar.KEY, **said, "owner": calendar.owner.key}


def _sources() -> Iterator[tuple[models.Model, dict[str, Any]]]:
    """Without write keys and signing secrets: each installation has its own."""
    for row in Source.objects.select_related("system", "mapping"):
        yield (
            row,
            {
                "kind": "source",
                "key": row.key,
                "name": row.name,
                "system": row.system.key if row.system else None,
                "mapping": row.mapping.key if row.mapping else None,
                "reading": row.reading,
            },
        )


def _workflows(*, live: bool) -> Iterator[tuple[models.Model, dict[str, Any]]]:
    versions = Version.objects.select_related("workflow").order_by("workflow_id", "-number")
    frozen = {row.workflow_id: row for row in versions.exclude(frozen_at=None).distinct("workflow_id")}
    if live:
        switched = Activation.objects.filter(until=None).select_related("version__workflow")
        frozen |= {activation.workflow_id: activation.version for activation in switched}
    for version in frozen.values():
        yield version, _content(version)
    for version in versions.filter(frozen_at=None):
        yield version, _content(version) | {"status": "draft"}


def _content(version: Version) -> dict[str, Any]:
    """What the version's digest names, under the key that the workflow has."""
    return {"kind": "workflow", **version.content, "key": version.workflow.key}


def _ownership() -> Iterator[dict[str, Any]]:
    """A file a stage: who answers for it, and when it may be changed."""
    by_stage: dict[str, list[dict[str, Any]]] = {}
    for row in StageOwnership.objects.select_related("team").order_by("stage", "team__key"):
        duty = {"team": row.team.key, "duty": row.duty, "window": row.window}
        by_stage.setdefault(row.stage, []).append({name: value for name, value in duty.items() if value})
    for stage, teams in by_stage.items():
        yield {"kind": "ownership", "stage": stage, "teams": teams}


def _aliases() -> Iterator[dict[str, Any]]:
    by_kind: dict[str, dict[str, str]] = {}
    for kind, old, new in Alias.objects.filter(until=None).order_by("kind", "old").values_list("kind", "old", "new"):
        by_kind.setdefault(kind, {})[old] = new
    for kind, names in by_kind.items():
        yield {"kind": "aliases", "of": kind, "names": names}
