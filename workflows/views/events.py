"""Inbound events: the list, one with what came of it, and the quarantine."""

import json
from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from martechops.lib import windows
from martechops.lib.tabs import Tab
from martechops.people.permissions import may
from workflows.models import InboundEvent
from workflows.queries import events, names, timeline

from .stories import chapters

TYPES = ("track", "identify", "page", "screen", "group", "alias")


def listing(request: HttpRequest) -> HttpResponse:
    """Events, newest first, filtered by the address bar."""
    asked = request.GET
    wanted = events.EventFilter(
        name=asked.get("name", "").strip(),
        type=asked.get("type", ""),
        source_id=windows.row_id(asked.get("source", "")),
    )
    lines, window = events.window(wanted, before=asked.get("before", ""))
    return render(
        request,
        "workflows/event_list.html",
        {
            "lines": lines,
            "window": window,
            "wanted": wanted,
            "sources": names.of_sources(),
            "types": TYPES,
            "names": events.common_names(),
            "tabs": tabs("events"),
            "is_filtered": bool(wanted.name or wanted.type or wanted.source_id),
        },
    )


def tabs(current: str) -> list[Tab]:
    """Between all events and those that are held."""
    return [
        Tab("All events", "/events/", current=current == "events"),
        Tab("Quarantine", "/events/quarantine/", current=current == "quarantine", count=events.held_count()),
    ]


def detail(
    request: HttpRequest, event_id: int, *, body: str | None = None, problems: Sequence[tuple[str, str]] = ()
) -> HttpResponse:
    """One event as it was received, and what came of it; with a correction that was refused, as it was typed."""
    event = events.found(event_id)
    if event is None:
        raise Http404(f"event {event_id}")
    return render(
        request,
        "workflows/event_detail.html",
        {
            "event": event,
            "state": events.state_of(event.pk),
            "source": names.of_sources().get(event.source_id, ""),
            "kept": getattr(event, "quarantine", None),
            "owner": names.of_event_owners().get(event.name, ""),
            "conflicts": events.conflicts(event.pk),
            "may_replay": may(request.user, "events.replay"),
            "body": json.dumps(_corrected(event), indent=2, ensure_ascii=False) if body is None else body,
            "problems": problems,
            "story": chapters(timeline.of_event(event.pk)),
        },
        status=422 if problems else 200,
    )


def _corrected(event: InboundEvent) -> object:
    """Where a correction goes on from: the last one, or what was received."""
    kept = getattr(event, "quarantine", None)
    return (kept.corrected_body if kept else None) or event.body
