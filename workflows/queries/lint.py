"""What the lint says of everything that is live, drafted or documented now.

All of it is worked out once and kept while nothing changes: a fingerprint of the rows, one query, says whether it still
holds. Loading takes a fixed number of queries, however much there is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Count, Prefetch

from martechops.people.models import Team
from workflows.engine.conditions import Segments
from workflows.engine.ownership import Duty
from workflows.lint import Finding, Readiness, Record, Workflow, Workspace, examine, readiness
from workflows.lint.documents import workflow_of, workspace_of
from workflows.models import Activation, StageOwnership, Version
from workflows.models import Workflow as WorkflowRow
from workflows.queries import aliases, documents, segment_rules

#: Kinds of definitions that checks look at.
_KINDS = ("system", "field", "stage", "event-type", "mapping", "segment", "block", "template", "convention", "metric")
#: Installations of one process do not change so often that more would be asked for again.
_KEPT = 2


@dataclass(frozen=True, slots=True)
class Examined:
    """A workspace and all that is to be said of it."""

    workspace: Workspace
    #: What may stand included, in order.
    findings: tuple[Finding, ...]
    #: By workflow key.
    readiness: Mapping[str, Readiness]


def examined() -> Examined:
    """Everything, as it is now: one query where nothing changed since it was asked last."""
    return _examined(_fingerprint())


def workspace() -> Workspace:
    """All that checks look at, as it is now."""
    return _workspace(_fingerprint())


def findings_of(key: str, *, content: Mapping[str, Any] | None = None, state: str = "draft") -> tuple[Finding, ...]:
    """What concerns one workflow, conflicts with others included.

    With `content`, as if that were its version of that state: what somebody is editing needs not be saved first.
    """
    if content is None:
        return tuple(finding for finding in examined().findings if finding.concerns(key))
    known = workspace()
    before = next((one for one in known.workflows if one.key == key), None)
    edited = replace(workflow_of(content, state=state, segments=known.segment_rules), key=key)
    if before:
        edited = replace(edited, owner=before.owner)
    others = tuple(one for one in known.workflows if one.key != key)
    return examine(replace(known, workflows=(*others, edited)), only=[key])


def readiness_of(key: str) -> Readiness | None:
    """The guide's checklist for one workflow; None where there is none of this key, or no version of it."""
    return examined().readiness.get(key)


@lru_cache(maxsize=_KEPT)
def _workspace(fingerprint: str) -> Workspace:
    del fingerprint
    return _load()


@lru_cache(maxsize=_KEPT)
def _examined(fingerprint: str) -> Examined:
    workspace, records = _workspace(fingerprint), _records()
    findings = examine(workspace)
    return Examined(
        workspace=workspace,
        findings=findings,
        readiness={
            key: readiness(workflow, workspace, findings=findings, record=records.get(key, Record()))
            for key, workflow in _foremost(workspace).items()
        },
    )


def _foremost(workspace: Workspace) -> dict[str, Workflow]:
    """Of each workflow the version that counts: the live one, or the newest that there is."""
    found: dict[str, Workflow] = {}
    for workflow in workspace.workflows:
        if workflow.key not in found or workflow.state == "live":
            found[workflow.key] = workflow
    return found


def _load() -> Workspace:
    definitions = [
        documents.document_of(row, consumers=())
        for kind in map(documents.KINDS.__getitem__, _KINDS)
        for row in kind.model._default_manager.select_related(*_references(kind))
    ]
    duties = StageOwnership.objects.select_related("team")
    names, segments = aliases.names(), segment_rules.rules()
    definitions = [
        document | {"when": segments.get(document["key"])} if document["kind"] == "segment" else document
        for document in definitions
    ]
    return workspace_of(
        definitions,
        teams=dict(Team.objects.values_list("key", "name")),
        duties=[Duty(row.stage, row.team.key, row.window) for row in duties],
        workflows=_workflows(names, segments),
        aliases=names,
    )


def _references(kind: documents.Kind) -> list[str]:
    """Attributes of a row that point to others."""
    return [name for name in kind.parts.values() if kind.model._meta.get_field(name).many_to_one]


def _workflows(names: Mapping[tuple[str, str], str], segments: Segments) -> list[Workflow]:
    """Live versions and open drafts; where a workflow has neither, the newest frozen one."""
    newest = Version.objects.order_by("workflow_id", "-number").distinct("workflow_id")
    live = Activation.objects.filter(until=None).select_related("version")
    rows = WorkflowRow.objects.select_related("owner").prefetch_related(
        Prefetch("activations", live, to_attr="live"),
        Prefetch("versions", Version.objects.filter(frozen_at=None), to_attr="drafts"),
        Prefetch("versions", newest, to_attr="newest"),
    )
    found: list[Workflow] = []
    world = repr((sorted(names.items()), sorted(segments.items())))
    for row in rows.order_by("key"):
        versions = [("live", one.version) for one in row.live] + [("draft", one) for one in row.drafts]
        for state, version in versions or [("frozen", one) for one in row.newest]:
            written = _Written(version.pk, version.digest, state, world, version.content, names, segments)
            found.append(
                replace(_read(written), key=row.key, name=row.name, owner=row.owner.key, version=version.number)
            )
    return found


@dataclass(frozen=True, slots=True)
class _Written:
    """A version as it was saved, and what its names and segments mean now: the same is read once."""

    version: int
    digest: str
    state: str
    #: Changes with the meaning of any name or segment.
    world: str
    content: Mapping[str, Any] = field(compare=False)
    names: Mapping[tuple[str, str], str] = field(compare=False)
    segments: Segments = field(compare=False)


@lru_cache(maxsize=1024)
def _read(written: _Written) -> Workflow:
    content = aliases.current(written.content, written.names)
    return workflow_of(content, state=written.state, segments=written.segments)


def _records() -> dict[str, Record]:
    """How many versions are frozen, and whether one is live. No test is kept yet that could be counted."""
    live = set(Activation.objects.filter(until=None).values_list("workflow__key", flat=True))
    frozen = Version.objects.exclude(frozen_at=None).values_list("workflow__key").annotate(Count("pk")).order_by()
    return {key: Record(versions=count, is_live=key in live) for key, count in frozen}


#: Of each table, what makes a difference to a finding. A version's content is named by its digest.
_TABLES = {
    "people_team": "t.key || t.name",
    "workflows_system": "t::text",
    "workflows_field": "t::text",
    "workflows_lifecyclestage": "t::text",
    "workflows_eventtype": "t::text",
    "workflows_mapping": "t::text",
    "workflows_segment": "t::text",
    "workflows_block": "t::text",
    "workflows_messagetemplate": "t::text",
    "workflows_namingconvention": "t::text",
    "workflows_metric": "t::text",
    "workflows_stageownership": "t::text",
    "workflows_alias": "t::text",
    "workflows_workflow": "t::text",
    "workflows_version": "t.workflow_id || ' ' || t.number || t.digest || (t.frozen_at IS NULL)",
    "workflows_activation": "t.version_id || coalesce(t.until::text, '')",
}


def _fingerprint() -> str:
    """Changes with every row that the lint looks at."""
    parts = [
        f"(SELECT coalesce(md5(string_agg({what}, chr(10) ORDER BY t.id)), '') FROM {table} t)"  # noqa: S608 (ours)
        for table, what in _TABLES.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT concat_ws(' ', {', '.join(parts)})")
        return str(cursor.fetchone()[0])
