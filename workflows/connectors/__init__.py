"""Far sides, one a file; `CONNECTORS` is the line of registration. Only deliveries in `runtime` call them."""

from .base import Connector
from .captured import Captured
from .chat import Chat
from .email import Email
from .in_app import InApp
from .sandbox_crm import SandboxCrm
from .sandbox_mailbox import SandboxMailbox
from .webhook import Webhook

CONNECTORS: dict[str, Connector] = {
    "sandbox_crm": SandboxCrm(),
    "sandbox_mailbox": SandboxMailbox(),
    "captured": Captured(),
    "email": Email(),
    "webhook": Webhook(),
    "chat": Chat(),
    "in_app": InApp(),
}

__all__ = ["CONNECTORS", "Connector"]
