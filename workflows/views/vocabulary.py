"""The words of the workspace: lists of definitions, and one with its status, versions and uses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from martechops.lib.tabs import Tab
from martechops.people.permissions import may
from workflows.actions.definitions import STATUS_CHANGES
from workflows.engine.difference import differences
from workflows.models import DefinitionVersion, Status
from workflows.queries import documents, impact, uses

from .vocabulary_tables import Shown, shown


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version, and what it changed in words."""

    version: DefinitionVersion
    changes: list[str]
    is_newest: bool
    #: SchemaVer of an event type's properties.
    schema: str = ""


def listing(request: HttpRequest, kind: str = "field") -> HttpResponse:
    """All definitions of one kind, with owner, status and how many things use each."""
    found = kind_or_404(kind)
    rows = found.model._default_manager.select_related("owner")
    if search := request.GET.get("q", "").strip():
        rows = rows.filter(models.Q(**{f"{found.key}__icontains": search}) | models.Q(**_named(found, search)))
    counts = uses.counts()
    lines = [(row, documents.key_of(row), counts.get((kind, documents.key_of(row)), 0)) for row in rows]
    return render(
        request,
        "workflows/vocabulary_list.html",
        {
            "kind": found,
            "tabs": kind_tabs(kind),
            "lines": lines,
            "search": search,
            "has_status": "status" in found.parts,
            "may_edit": may(request.user, "definitions.edit"),
        },
    )


def detail(request: HttpRequest, kind: str, row_id: int) -> HttpResponse:
    """One definition: what it says, who owns it, what it said before, and what depends on it."""
    found, row = row_or_404(kind, row_id)
    document, holders = documents.document_of(row), uses.holders()
    key = documents.key_of(row)
    return render(
        request,
        "workflows/vocabulary_detail.html",
        {
            "kind": found,
            "row": row,
            "key": key,
            "name": name_of(row),
            "status": document.get("status"),
            "facts": _facts(kind, document),
            "uses": uses.of(kind, key, among=holders),
            "values": uses.of_field(key, among=holders) if kind == "field" else {},
            "versions": _lines(kind, list(documents.versions_of(row).select_related("author"))),
            "statuses": possible_statuses(request, row),
            "may_edit": may(request.user, "definitions.edit", row),
            "may_rename": kind in ("event-type", "stage")
            or (kind == "field" and bool(getattr(row, "allowed_values", None))),
        },
    )


def kind_or_404(kind: str) -> documents.Kind:
    """Segments have pages of their own."""
    if kind not in documents.KINDS or kind == "segment":
        raise Http404(kind)
    return documents.KINDS[kind]


def row_or_404(kind: str, row_id: int) -> tuple[documents.Kind, Any]:
    """The kind and the row of an address."""
    found = kind_or_404(kind)
    row = found.model._default_manager.select_related("owner").filter(pk=row_id).first()
    if row is None:
        raise Http404(f"{kind} {row_id}")
    return found, row


def name_of(row: Any) -> str:
    """What a person calls it."""
    return str(getattr(row, "label", None) or getattr(row, "name", None) or documents.key_of(row))


def kind_tabs(current: str) -> list[Tab]:
    """One for each kind that is shown here."""
    return [
        Tab(kind.plural, f"/vocabulary/{name}/", current=name == current)
        for name, kind in documents.KINDS.items()
        if name != "segment"
    ]


def possible_statuses(request: HttpRequest, row: Any) -> list[str]:
    """What this person may make of its status."""
    if not may(request.user, "definitions.edit", row):
        return []
    possible = [
        (after, role) for (before, after), role in STATUS_CHANGES.items() if before == getattr(row, "status", "")
    ]
    has_role = getattr(request.user, "has_role", lambda role: False)
    return [str(Status(after).value) for after, role in possible if role is None or has_role(role)]


_HEADING = ("kind", "key", "name", "label", "owner", "status")


def _facts(kind: str, document: Mapping[str, Any]) -> list[Shown]:
    """What it says, besides what stands at the head of the page and what is left empty."""
    return [
        shown(kind, name, value)
        for name, value in document.items()
        if name not in _HEADING and value not in ("", [], {}, None)
    ]


def _named(kind: documents.Kind, search: str) -> dict[str, str]:
    return {f"{'label' if 'label' in kind.parts else 'name'}__icontains": search}


def _lines(kind: str, versions: list[DefinitionVersion]) -> list[VersionLine]:
    older: list[DefinitionVersion | None] = [*versions[1:], None]
    schemas = [""] * len(versions)
    if kind == "event-type":
        schemas = impact.schema_versions([version.content for version in reversed(versions)])[::-1]
    return [
        VersionLine(version, differences(before.content, version.content) if before else [], i == 0, schema)
        for i, (version, before, schema) in enumerate(zip(versions, older, schemas, strict=True))
    ]
