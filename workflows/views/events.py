"""Inbound events: the list, one with what came of it, and the quarantine."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from martechops.lib.tabs import Tab
from workflows.models import QuarantinedEvent
from workflows.queries import events, names, timeline

from .stories import chapters

TYPES = ("track", "identify", "page", "screen", "group", "alias")


def listing(request: HttpRequest) -> HttpResponse:
    """Events, newest first, filtered by the address bar."""
    asked = request.GET
    source = asked.get("source", "")
    wanted = events.EventFilter(
        name=asked.get("name", "").strip(),
        type=asked.get("type", ""),
        source_id=int(source) if source.isdecimal() else None,
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
            "tabs": _tabs("events"),
            "is_filtered": bool(wanted.name or wanted.type or wanted.source_id),
        },
    )


def _tabs(current: str) -> list[Tab]:
    return [
        Tab("All events", "/events/", current=current == "events"),
        Tab("Quarantine", "/events/quarantine/", current=current == "quarantine", count=events.held_count()),
    ]


def detail(request: HttpRequest, event_id: int) -> HttpResponse:
    """One event as it was received, and what came of it."""
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
            "story": chapters(timeline.of_event(event.pk)),
        },
    )


def quarantine(request: HttpRequest) -> HttpResponse:
    """What the catalog refused and what failed five times, with what is wrong and who should look."""
    state = request.GET.get("state", "")
    state = state if state in QuarantinedEvent.State.values else QuarantinedEvent.State.HELD.value
    window = events.quarantine(state=state, before=request.GET.get("before", ""))
    return render(
        request,
        "workflows/quarantine.html",
        {
            "window": window,
            "state": state,
            "states": QuarantinedEvent.State.choices,
            "sources": names.of_sources(),
            "owners": names.of_event_owners(),
            "tabs": _tabs("quarantine"),
        },
    )
