"""The layers, the doors and the pure modules, as data: moving a rule is a visible edit here.

Rows run from top to bottom; a module may import from its own row and from those below it.
"""

#: Between apps. Whatever else is in `martechops` (settings, addresses, health, supervisor commands) is the top.
APPS = (
    ("martechops",),
    ("reporting",),
    ("campaigns",),
    ("workflows",),
    ("martechops.people", "martechops.audit", "martechops.sandbox", "martechops.inbox"),
    ("martechops.templatetags", "martechops.embedded"),
    ("martechops.lib",),
)

#: Inside workflows, campaigns and reporting.
INSIDE = (
    ("urls",),
    ("admin", "api", "views", "tasks", "management"),
    ("forms", "runtime", "rehearsal", "workspace", "demo", "playbooks", "exports", "archive_exports", "printed"),
    ("actions",),
    ("queries", "health"),
    ("compile",),
    ("models", "facts"),
    ("connectors", "lint"),
    ("ramps", "spans", "budgets", "sql_layout"),
    (
        *("engine", "lifecycle", "manifests", "pattern", "policies", "naming", "qa", "gates", "rollout_states"),
        *("transitions", "metrics", "attribution"),
    ),
)
LAYERED_APPS = ("workflows", "campaigns", "reporting")

#: What may be in the top of `martechops`; anything new says here that it belongs there.
PLATFORM = frozenset(
    [
        "admin",
        "apps",
        "bench",
        "bootstrap",
        "celery",
        "doors",
        "health",
        "management",
        "migrations",
        "models",
        "pages",
        "settings",
        "shell",
        "tasks",
        "understudy",
        "urls",
        "web",
        "wsgi",
    ]
)

#: package → who may import it, besides itself.
DOORS = {
    "workflows.actions.activations": ("campaigns.actions.rollouts",),
    "workflows.connectors": (
        "workflows.runtime.calls",
        "workflows.runtime.links",
        "workflows.runtime.orphans",
        "workflows.runtime.polling",
        "workflows.runtime.reconcile",
        "workflows.runtime.settle",
        "workflows.runtime.volley",
        "workflows.forms",
        "campaigns.runtime.chat",
    ),
    "workflows.runtime": (
        "campaigns.runtime.chat",
        "workflows.tasks",
        "workflows.management",
        "campaigns.management",
        "workflows.rehearsal",
        "martechops.bench.worker",
        "martechops.bench.stories",
    ),
    "martechops.embedded": ("martechops",),
}

#: From within `workflows`, the far sides of our own are reached as any far side is: through a connector.
FAR_SIDES = "martechops.sandbox"

#: package → what it may not reach, not even through what it imports: what is rehearsed or replayed calls nobody.
OUT_OF_REACH = {
    "workflows.rehearsal": (
        "workflows.connectors",
        "workflows.runtime.calls",
        "workflows.runtime.deliver",
        "workflows.runtime.links",
        "workflows.runtime.volley",
        "martechops.sandbox",
        "martechops.inbox",
        "martechops.lib.http",
        "martechops.lib.kept_lines",
        "martechops.lib.mail",
    ),
}

PURE = (
    "workflows.engine",
    "workflows.lint",
    "campaigns.lifecycle",
    "campaigns.manifests",
    "campaigns.pattern",
    "campaigns.policies",
    "campaigns.naming",
    "campaigns.qa",
    "campaigns.gates",
    "campaigns.ramps",
    "campaigns.rollout_states",
    "campaigns.budgets",
    "campaigns.transitions",
    "reporting.metrics",
    "reporting.attribution",
)
#: What a pure module may not reach: Django and everything that asks the world.
IMPURE_IMPORTS = [
    "django",
    "rest_framework",
    "celery",
    "kombu",
    "psycopg",
    "redis",
    "requests",
    "urllib3",
    "httpx2",
    "http",
    "urllib.request",
    "socket",
    "ssl",
    "asyncio",
    "random",
    "secrets",
    "time",
    "os",
    "subprocess",
    "threading",
    "multiprocessing",
    "tempfile",
    "shutil",
    "structlog",
    "logging",
]
IMPURE_CALLS = [
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "datetime.datetime.now",
    "uuid.uuid1",
    "uuid.uuid4",
    "uuid1",
    "uuid4",
    "open",
    "input",
    "print",
]
