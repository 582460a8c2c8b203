"""Pages of the platform itself: the living page of components, and what is shown when something goes wrong."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import mark_safe

from martechops.lib.states import WrongState
from martechops.lib.tabs import Tab
from martechops.templatetags.statuses import LOOKS
from workflows.views.map_drawing import draw
from workflows.views.map_layout import MapEdge, MapStep


def components(request: HttpRequest) -> HttpResponse:
    """Every component in all its states; a screen is made of nothing else."""
    now = timezone.now()
    sample = {
        "type": "track",
        "event": "Demo Requested",
        "properties": {"form_id": "demo", "company_size": 240, "newsletter": False, "phone": None},
    }
    tabs = [Tab("Target", "#", current=True), Tab("Current", "#"), Tab("Versions", "#", count=3)]
    return render(
        request,
        "shell/components.html",
        {
            "states": list(LOOKS),
            "sample": sample,
            "now": now,
            "earlier": now - timedelta(minutes=7),
            "later": now + timedelta(days=2),
            "tabs": tabs,
            "counts": [3, 5, 2, 0, 8, 13, 9, 4, 6, 11, 7, 2],
            "hours": [f"{hour:02d}:00" for hour in range(12)],
            "stages": [("capture", True), ("enrich", False), ("engage", True), ("measure", True)],
            "effects": [_effect(state, reason, now) for state, reason in _EFFECTS],
            "change": {"label": "Lifecycle stage", "old": "lead", "new": "mql", "writer": "event Demo Requested"},
            "map": mark_safe(draw(_STEPS, _WAYS, label="Map of an example")),  # noqa: S308  (escaped in map_drawing)
        },
    )


_STEPS = (
    MapStep("begin", "Demo Requested", "entry", "capture", "Marketing ops", icon="play"),
    MapStep(
        "record", "Create or update in CRM", "act", "capture", "Marketing ops", icon="database", note="CRM", guards=1
    ),
    MapStep("no", "Stop without consent", "stop", "enrich", "Sales ops", icon="octagon-x", note="consent is missing"),
    MapStep(
        "send",
        "Send the welcome message",
        "act",
        "engage",
        "E-mail team",
        icon="mail",
        note="E-mail",
        guards=6,
        risk="medium",
        ruled=True,
        mark="Withheld",
        mark_tone="warn",
    ),
    MapStep(
        "wait",
        "Wait for a meeting",
        "wait",
        "engage",
        "E-mail team",
        icon="clock",
        note="2 days",
        mark="12 here",
        mark_tone="info",
    ),
    MapStep("split", "Enterprise or not", "choose", "engage", "Sales ops", icon="split", note="2 ways"),
    MapStep(
        "task",
        "Give sales a task",
        "act",
        "engage",
        "Sales ops",
        icon="clipboard-check",
        note="CRM",
        risk="high",
        chosen=True,
    ),
    MapStep("count", "Count the conversion", "act", "measure", "Analytics", icon="target", note="Warehouse"),
    MapStep("end", "Done", "exit", "measure", "Analytics", icon="flag"),
)
_WAYS = (
    MapEdge("begin", "record"),
    MapEdge("record", "no"),
    MapEdge("no", "send", label="no", says="otherwise it goes on"),
    MapEdge("send", "wait"),
    MapEdge("wait", "split"),
    MapEdge("split", "task", label="A", says="A: company size is more than 200"),
    MapEdge("split", "end", label="B", says="B: everyone else"),
    MapEdge("task", "count"),
    MapEdge("count", "end"),
)
_EFFECTS = (
    ("done", ""),
    ("planned", ""),
    ("suppressed", "consent for email was never given"),
    ("failed", "the far side refused it: no such record"),
    ("uncertain", "the connection broke after the message was handed over"),
)


def _effect(state: str, reason: str, at: datetime) -> dict[str, object]:
    return {"pk": state, "key": state, "kind": "send_message", "state": state, "reason": reason, "ended_at": at}


def _failure(request: HttpRequest, *, code: int, title: str, text: str) -> HttpResponse:
    return render(request, "shell/error.html", {"code": code, "title": title, "text": text}, status=code)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request itself cannot be read."""
    del exception  # its words are for the log, not for the page
    text = "The address or the form could not be read. Go back, check what was entered, and send it again."
    return _failure(request, code=400, title="That request could not be read", text=text)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: the wrong person; says who could."""
    text = str(exception) or "Your roles do not include this. An administrator can change them."
    return _failure(request, code=403, title="This is not yours to open", text=text)


class WrongStateMiddleware:
    """409: the right person at the wrong time; says what has to happen first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, WrongState):
            return None
        return _failure(request, code=409, title="Not as it stands now", text=str(exception))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: nothing at this address."""
    del exception
    text = "There is nothing at this address. It may have been removed, or the address may be mistyped."
    return _failure(request, code=404, title="Not found", text=text)
