"""The page between a change and its being made: what it touches, and how much of a risk that is."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from martechops.lib import clock
from workflows.engine.conditions import BadCondition
from workflows.engine.difference import differences
from workflows.models import Segment
from workflows.queries import documents, impact, segment_rules, segments, uses

from .rule_clauses import clauses
from .vocabulary import name_of

Document = Mapping[str, Any]


def ask(
    request: HttpRequest, *, row: Any, before: Document, after: Document, can_go_on: bool = False
) -> HttpResponse | None:
    """The page; None for what is confirmed already, changes nothing or touches nothing.

    `before` is empty for what is new. `can_go_on` where what was sent came from a form that can be filled in further.
    """
    kind = documents.kind_of(row)
    if kind is None or before == after or request.POST.get("confirmed"):
        return None
    found = impact.of(kind.name, documents.key_of(row), before=before, after=after)
    if not found.is_worth_a_look:
        return None
    is_segment = kind.name == "segment"
    context = {
        "name": name_of(row) if before else "",
        "thing": (kind.name, documents.key_of(row)),
        "impact": found,
        "changes": differences(before, after) if before else [],
        "place": ("Segments", "/segments/") if is_segment else ("Definitions", "/vocabulary/"),
        "back": uses.address_of(kind.name, documents.key_of(row), row.pk) if before else "",
        "listed": (kind.plural, "/segments/" if is_segment else f"/vocabulary/{kind.name}/"),
        "posted": _posted(request),
        "can_go_on": can_go_on,
    }
    return render(request, "workflows/vocabulary_confirm.html", context | (_people(row, after) if is_segment else {}))


def _people(row: Segment, after: Document) -> dict[str, Any]:
    """Who joins and who leaves, against what the segment means now."""
    before = segment_rules.rules().get(row.key)
    try:
        change = segments.change(before=before, after=after["when"], at=clock.now())
    except BadCondition:
        return {}
    return {"change": change, "clauses": clauses(after["when"]), "is_changed": before not in (None, after["when"])}


def _posted(request: HttpRequest) -> list[tuple[str, str]]:
    """What was filled in, to be sent again with the confirmation."""
    return [
        (name, value)
        for name in request.POST
        if name not in ("csrfmiddlewaretoken", "confirmed", "do")
        for value in request.POST.getlist(name)
    ]
