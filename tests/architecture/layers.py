"""The layers, the doors and the pure modules, as data. Imports run downwards only; a module that is not placed is refused.

Between apps the order is APPS; inside workflows, campaigns and reporting it is INSIDE. Both from top to bottom, and names in one
row may import each other. The platform's own top (settings, addresses, health) may import everything.
"""

APPS: tuple[frozenset[str], ...] = (
    frozenset({"martechops"}),
    frozenset({"reporting"}),
    frozenset({"campaigns"}),
    frozenset({"workflows"}),
    frozenset({"martechops.people", "martechops.audit", "martechops.sandbox", "martechops.embedded"}),
    frozenset({"martechops.lib"}),
)

INSIDE: tuple[frozenset[str], ...] = (
    frozenset({"apps", "migrations"}),
    frozenset({"urls"}),
    frozenset({"admin", "api", "views", "tasks", "management"}),
    frozenset({"forms", "runtime", "rehearsal", "workspace", "demo", "playbooks"}),
    frozenset({"actions"}),
    frozenset({"queries"}),
    frozenset({"models"}),
    frozenset({"connectors", "lint"}),
    frozenset({"engine", "lifecycle", "policies", "naming", "qa", "gates", "metrics", "attribution"}),
)
