"""What the frame around every page shows: the navigation, the theme and the sandbox banner."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class NavItem:
    """One line of the navigation on the left."""

    label: str
    address: str
    icon: str

    def leads_to(self, path: str) -> bool:
        """Whether a page belongs under this line."""
        return path == self.address if self.address == "/" else path.startswith(self.address)


NAVIGATION = (
    ("", (NavItem("Today", "/", "sun"),)),
    (
        "Run",
        (
            NavItem("Workflows", "/workflows/", "workflow"),
            NavItem("Runs", "/runs/", "route"),
            NavItem("Contacts", "/contacts/", "users"),
            NavItem("Events", "/events/", "activity"),
        ),
    ),
    ("Measure", (NavItem("Results", "/results/", "chart-no-axes-column"),)),
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
        "sandbox_mode": getattr(settings, "OUTBOUND_SANDBOX", True),
    }
