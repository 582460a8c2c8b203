"""Far sides, one a file; `CONNECTORS` is the line of registration. Only `runtime.deliver` calls them."""

from .base import Connector
from .sandbox_crm import SandboxCrm
from .sandbox_mailbox import SandboxMailbox

CONNECTORS: dict[str, Connector] = {
    "sandbox_crm": SandboxCrm(),
    "sandbox_mailbox": SandboxMailbox(),
}
