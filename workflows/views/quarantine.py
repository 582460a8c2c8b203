"""The quarantine: what was held and why, and sending it through again, mending it first, or letting it go."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from martechops.lib import clock, path_words, strict_json, windows
from martechops.people.permissions import may
from martechops.people.visitors import person
from workflows.actions import quarantine as actions
from workflows.engine import schemas
from workflows.models import QuarantinedEvent
from workflows.queries import events, names

from . import events as event_pages
from .events import tabs


@dataclass(frozen=True, slots=True)
class Alike:
    """Held events with the same name and the same faults."""

    kind: str
    name: str
    reasons: list[dict[str, str]]
    owner: str
    rows: list[QuarantinedEvent]

    @property
    def places(self) -> list[tuple[str, str]]:
        """What could be corrected in all of them: each place, and what it is called."""
        paths = dict.fromkeys(path for reason in self.reasons if (path := reason.get("path", "")))
        return [(path, path_words.pointer_words(path)) for path in paths]

    @property
    def faults(self) -> list[str]:
        """Which kinds of fault there are, in words."""
        kinds = dict.fromkeys(reason.get("kind", "") for reason in self.reasons)
        return [schemas.KINDS[kind] for kind in kinds if kind in schemas.KINDS] or ["Breaks its schema"]


def listing(request: HttpRequest) -> HttpResponse:
    """What the catalog refused and what failed five times; a POST sends the named ones through again."""
    if request.method == "POST":
        return _fix_many(request) if request.POST.get("do") == "fix" else _replay_many(request)
    state = request.GET.get("state", "")
    state = state if state in QuarantinedEvent.State.values else QuarantinedEvent.State.HELD.value
    kind = request.GET.get("kind", "")
    kind = kind if kind in schemas.KINDS else ""
    window = events.quarantine(state=state, kind=kind, before=request.GET.get("before", ""))
    return render(
        request,
        "workflows/quarantine.html",
        {
            "window": window,
            "groups": _groups(list(window.rows)),
            "state": state,
            "states": QuarantinedEvent.State.choices,
            "kind": kind,
            "kinds": schemas.KINDS.items(),
            "sources": names.of_sources(),
            "may_replay": state == QuarantinedEvent.State.HELD and may(request.user, "events.replay"),
            "tabs": tabs("quarantine"),
        },
    )


def _groups(rows: list[QuarantinedEvent]) -> list[Alike]:
    owners, source_owners = names.of_event_owners(), names.of_source_owners()
    alike: dict[tuple[str, str, str], list[QuarantinedEvent]] = {}
    for row in rows:
        name = row.event.name or row.event.type.capitalize()
        alike.setdefault((row.kind, name, json.dumps(row.reasons, default=str)), []).append(row)
    return [
        Alike(
            kind=kind,
            name=name,
            reasons=same[0].reasons,
            owner=owners.get(name) or source_owners.get(same[0].event.source_id) or "",
            rows=same,
        )
        for (kind, name, _), same in alike.items()
    ]


def _fix_many(request: HttpRequest) -> HttpResponse:
    """The same corrections to all of a group; a place that nothing was said of stays as it is."""
    edits = list(_edits(request))
    if not edits:
        messages.error(request, "Nothing was corrected: say for one place at least what is to stand there.")
        return redirect("quarantine")
    fixed = actions.fix_many(events=_named(request), edits=edits, by=person(request), at=clock.now())
    if fixed.count:
        messages.success(request, f"{fixed.count} corrected, and handled again in a moment.")
    for event_id, says in fixed.refused[:3]:
        messages.error(request, f"Event {event_id} stays held: {says}")
    if len(fixed.refused) > 3:
        messages.error(request, f"{len(fixed.refused) - 3} more stay held.")
    return redirect("quarantine")


def _edits(request: HttpRequest) -> Iterator[actions.Edit]:
    for pointer, how, text in zip(*map(request.POST.getlist, ("pointer", "how", "value")), strict=False):
        if how == "remove":
            yield actions.Edit(pointer, removes=True)
        elif how in ("text", "set") and pointer:
            yield actions.Edit(pointer, _value(text) if how == "set" else text)


def _value(text: str) -> object:
    """A number, true or null as JSON writes it; anything else is text."""
    try:
        return strict_json.loads(text.encode())
    except strict_json.BadJson:
        return text


def _named(request: HttpRequest) -> list[QuarantinedEvent]:
    keys = map(windows.row_id, request.POST.getlist("event"))
    return [QuarantinedEvent(pk=key) for key in keys if key is not None]


def _replay_many(request: HttpRequest) -> HttpResponse:
    held = _named(request)
    count = actions.replay_many(events=held, by=person(request), at=clock.now())
    messages.success(request, f"{count} event{'' if count == 1 else 's'} will be handled again in a moment.")
    return redirect("quarantine")


@require_POST
def replay(request: HttpRequest, event_id: int) -> HttpResponse:
    """Have one event handled again, as after a change of the catalog."""
    held = _held(event_id)
    try:
        actions.replay(event=held, by=person(request), at=clock.now())
    except actions.NotHeld as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "The event will be handled again in a moment.")
    return redirect("event", event_id=event_id)


@require_POST
def fix(request: HttpRequest, event_id: int) -> HttpResponse:
    """Have a corrected body handled in the event's place."""
    held, text = _held(event_id), request.POST.get("body", "")
    try:
        body = strict_json.loads(text.encode())
        actions.fix_and_replay(event=held, body=body, by=person(request), at=clock.now())
    except strict_json.BadJson as error:
        return event_pages.detail(request, event_id, body=text, problems=[("", f"This is not JSON: {error}.")])
    except actions.StillFaulty as error:
        return event_pages.detail(request, event_id, body=text, problems=error.faults)
    except actions.CannotBeTaken as error:
        return event_pages.detail(request, event_id, body=text, problems=[("", str(error))])
    except actions.NotHeld as error:
        messages.error(request, f"Not replayed. {error}")
    else:
        messages.success(
            request, "The corrected event will be handled in a moment. What was received is kept as it was."
        )
    return redirect("event", event_id=event_id)


@require_POST
def dismiss(request: HttpRequest, event_id: int) -> HttpResponse:
    """Let an event go, with a reason."""
    held = _held(event_id)
    try:
        actions.dismiss(event=held, by=person(request), at=clock.now(), reason=request.POST.get("reason", ""))
    except (actions.NotHeld, ValueError) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The event was dismissed. It is kept, and nothing came of it.")
    return redirect("event", event_id=event_id)


def _held(event_id: int) -> QuarantinedEvent:
    held = QuarantinedEvent.objects.filter(pk=event_id).first()
    if held is None:
        raise Http404(f"event {event_id} is not in quarantine")
    return held
