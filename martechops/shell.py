"""What the frame around every page shows: the navigation, the theme and the sandbox banner."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from martechops.doors import Key, door_of
from workflows.queries import connections

THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class NavItem:
    """One line of the navigation on the left."""

    label: str
    address: str
    icon: str
    #: Addresses below this one that have lines of their own.
    but: tuple[str, ...] = ()

    def leads_to(self, path: str) -> bool:
        """Whether a page belongs under this line."""
        if self.address == "/":
            return path == self.address
        return path.startswith(self.address) and not path.startswith(self.but)


NAVIGATION = (
    ("", (NavItem("Today", "/", "sun"),)),
    (
        "Run",
        (
            NavItem("Workflows", "/workflows/", "workflow"),
            NavItem("Conflicts", "/conflicts/", "git-merge-conflict"),
            NavItem("Runs", "/runs/", "route"),
            NavItem("Contacts", "/contacts/", "users"),
            NavItem("Content", "/content/", "newspaper"),
            NavItem("Hand-offs", "/handoffs/", "arrow-right-left"),
            NavItem("Queues", "/queues/", "users"),
            NavItem("Events", "/events/", "activity"),
            NavItem("Imports", "/imports/", "file-up"),
            NavItem("Sources", "/sources/", "radio-tower"),
            NavItem("Effects", "/effects/", "zap"),
            NavItem("Connections", "/connections/", "plug"),
            NavItem("Retention", "/retention/", "archive-restore"),
        ),
    ),
    (
        "Launch",
        (
            NavItem("Campaigns", "/campaigns/", "megaphone"),
            NavItem("Playbooks", "/playbooks/", "notebook-text"),
            NavItem("Links", "/links/", "link"),
            NavItem("Approvals", "/approvals/", "badge-check"),
            NavItem("Repairs", "/repairs/", "wrench"),
            NavItem("Rollouts", "/rollouts/", "rocket"),
        ),
    ),
    (
        "Vocabulary",
        (
            NavItem(
                "Definitions", "/vocabulary/", "book-open-text", but=("/vocabulary/ownership/", "/vocabulary/requests/")
            ),
            NavItem("Segments", "/segments/", "users-round"),
            NavItem("Ownership", "/vocabulary/ownership/", "grid-3x3"),
            NavItem("People and teams", "/teams/", "contact"),
            NavItem("Change requests", "/vocabulary/requests/", "git-pull-request-arrow"),
            NavItem("As files", "/workspace/", "folder-git-2"),
        ),
    ),
    (
        "Measure",
        (
            NavItem("Results", "/results/", "chart-no-axes-column"),
            NavItem("Reports", "/reports/", "file-chart-column"),
            NavItem("Health", "/health/", "activity"),
        ),
    ),
    (
        "Sandbox",
        (
            NavItem("Mailbox", "/mailbox/", "mail"),
            NavItem("CRM", "/crm/", "contact-round"),
        ),
    ),
)


def frame(request: HttpRequest) -> dict[str, object]:
    """The context that templates/shell/base.html needs on every page."""
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "",
        "navigation": [(group, [(item, item.leads_to(request.path)) for item in items]) for group, items in NAVIGATION],
        "sandbox_mode": _nothing_leaves,
    }


def _nothing_leaves() -> bool:
    """Asked by the frame of a page only when it is drawn."""
    return not connections.any_in_earnest()


class OwnTimeMiddleware:
    """Shows times in the zone of the person who looks; programs keep the installation's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Only behind doors for people, so that no other request asks who is there."""
        del view, args, kwargs
        match = request.resolver_match
        door = door_of(match.route) if match else None
        if door and door.key is Key.SESSION and request.user.is_authenticated:
            timezone.activate(_zone(request.user.timezone))


def _zone(name: str) -> ZoneInfo:
    """The zone of that name, or UTC for a name that is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
