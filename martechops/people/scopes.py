"""What a token can be made for. A scope names the action that its person must be allowed to do as well."""

from collections.abc import Iterable, Mapping

SCOPES: Mapping[str, str] = {
    "contacts:read": "contacts.view",
    "contacts:write": "contacts.write",
    "events:read": "events.view",
    "runs:read": "runs.view",
    "content:read": "content.view",
    "content:write": "content.edit",
    "approvals:read": "approvals.view",
    "approvals:write": "approvals.view",
    "rollouts:read": "rollouts.view",
    "rollouts:write": "rollouts.stop",
    "campaigns:read": "campaigns.view",
    "campaigns:write": "campaigns.edit",
    "playbooks:read": "playbooks.view",
    "playbooks:write": "playbooks.edit",
    "repairs:read": "approvals.view",
    "repairs:write": "rollouts.stop",
    "handoffs:read": "handwork.view",
    "handoffs:write": "handwork.answer",
    "imports:read": "contacts.view",
    "imports:write": "contacts.import",
    "effects:read": "effects.view",
    "effects:write": "effects.resolve",
    "connections:read": "connections.view",
    "connections:write": "connections.manage",
    "workflows:read": "workflows.view",
    "workflows:write": "workflows.edit",
    "definitions:read": "definitions.view",
    "definitions:write": "definitions.edit",
    "results:read": "results.view",
    "workspace:read": "workspace.view",
    "workspace:write": "workspace.apply",
}


def unknown(scopes: Iterable[str]) -> list[str]:
    """Those that do not exist, in order."""
    return [scope for scope in scopes if scope not in SCOPES]


def words(scope: str) -> str:
    """
    >>> words("definitions:write"), words("contacts:read")
    ('Change definitions', 'Read contacts')
    """
    what, _, how = scope.partition(":")
    return f"{'Read' if how == 'read' else 'Change'} {what.replace('-', ' ').replace('_', ' ')}"
