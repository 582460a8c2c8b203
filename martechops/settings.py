"""Settings. Everything that differs between a trial and production is an environment variable (DESIGN section 8).

With none of them set the project runs on parts of its own: PostgreSQL from a wheel, the broker inside it, and a
captured mailbox, all below MARTECHOPS_HOME.
"""

from pathlib import Path

import environ

from martechops.embedded.home import Home
from martechops.lib import database_url, logs

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

HOME = Home.at(Path(env.str("MARTECHOPS_HOME", default=str(BASE_DIR / "var"))))
#: What the `up` of this folder says of itself while it runs.
UP_FILE = HOME.up_file
EMBEDDED = not env.str("DATABASE_URL", default="")

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or HOME.secret_key()
#: What SECRET_KEY was before: sessions and sealed secrets under it are still read, and nothing is written under it.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

#: What only pages and the REST interface need.
SHOWN_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.simple_history",
    "martechops.lib.admin_site.AdminSiteConfig",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "django_htmx",
    "lucide",
]
#: Workers and beat show nothing: without these apps they start in half the time and half the memory, which is what a
#: contact waits for after a worker was killed.
HEADLESS = env.bool("MARTECHOPS_HEADLESS", default=False)

INSTALLED_APPS = [
    *([] if HEADLESS else SHOWN_APPS),
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "simple_history",
    "martechops",
    "martechops.people",
    "martechops.audit",
    "martechops.sandbox",
    "martechops.inbox",
    "workflows",
    "campaigns",
    "reporting",
]

LOGGING = logs.settings(level=env.str("LOG_LEVEL", default="INFO"))
logs.configure()

MIDDLEWARE = [
    "martechops.lib.logs.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "martechops.lib.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "martechops.doors.DoorMiddleware",
    "martechops.shell.OwnTimeMiddleware",
    "martechops.pages.WrongStateMiddleware",
]

ROOT_URLCONF = "martechops.urls"
WSGI_APPLICATION = "martechops.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "martechops.shell.frame",
            ],
        },
    },
]

DATABASES = {"default": database_url.parse(HOME.database_url() if EMBEDDED else env.str("DATABASE_URL"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The broker is inside the same PostgreSQL unless CELERY_BROKER_URL names another (redis://, amqp://).
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="pgmq://localhost")
CELERY_BROKER_TRANSPORT_OPTIONS = (
    database_url.pgmq_options(DATABASES["default"]) if CELERY_BROKER_URL.startswith("pgmq:") else {}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_HEARTBEAT = 0
CELERY_TASK_DEFAULT_QUEUE = "martechops"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
# One task at a time, and none laid aside: a doorbell for events would wait behind a report, beside an idle worker.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # in memory: what must outlive a restart is a row

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["martechops.people.backends.PolicyBackend"]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# An installation that answers to any name but this machine's own is one in earnest: it speaks HTTPS only. A proxy that
# ends TLS in front of it must set X-Forwarded-Proto itself and drop the client's.
HTTPS = env.bool("HTTPS", default=not set(ALLOWED_HOSTS) <= {"localhost", "127.0.0.1", "[::1]"})
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "frame-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}
SECURE_CSP_BY_PREFIX = {
    # The admin's looks are built on Alpine, which evaluates expressions in attributes and sets styles in place.
    "/admin/": SECURE_CSP
    | {"script-src": ["'self'", "'unsafe-inline'", "'unsafe-eval'"], "style-src": ["'self'", "'unsafe-inline'"]},
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["martechops.people.api.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["martechops.people.api.scopes.ScopePermission"],
    "DEFAULT_THROTTLE_CLASSES": ["martechops.people.api.scopes.TokenThrottle"],
    "DEFAULT_FILTER_BACKENDS": ["martechops.lib.drf.filters.StrictFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "martechops.lib.drf.pagination.NewestFirst",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["martechops.lib.drf.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "martechops.lib.drf.schema.ProblemSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_FORMATTER_CLASS": "martechops.lib.drf.problems.ProblemFormatter",
    "EXCEPTION_HANDLER_CLASS": "martechops.lib.drf.problems.ProblemHandler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "MartechOps",
    "DESCRIPTION": "Contacts, what happened to them, and what was done about it, with the reasons.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "ENUM_NAME_OVERRIDES": {
        "RunState": "workflows.models.Run.State",
        "EffectState": "workflows.models.Effect.State",
        "EventState": "workflows.api.events.STATES",
        "ContentState": "workflows.models.ContentItem.State",
        "HandoffState": "workflows.models.Handoff.State",
        "ReplayState": "workflows.models.Replay.State",
        "RepairState": "campaigns.models.Repair.State",
        "RepairItemState": "campaigns.models.RepairItem.State",
        "RolloutState": "campaigns.rollout_states.CHOICES",
        "ApprovalVerdict": "campaigns.models.Approval.Verdict",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "martechops.lib.drf.schema.describe_problem",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # The document can be seen by everybody, but no page elsewhere checks or keeps anything about it.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False, "validatorUrl": None},
}

UNFOLD = {
    "SITE_TITLE": "MartechOps admin",
    "SITE_HEADER": "MartechOps",
    "SITE_SUBHEADER": "Administration",
    "SITE_URL": "/",
    "SITE_SYMBOL": "account_tree",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "/static/favicon.svg"}],
    "COLORS": {
        # The product's accent (static/css/tokens.css), from faint to dark.
        "primary": {
            "50": "#eef1ff",
            "100": "#e0e6ff",
            "200": "#c7d1ff",
            "300": "#b1bdff",
            "400": "#93a4ff",
            "500": "#5467e6",
            "600": "#2f49d1",
            "700": "#2439ab",
            "800": "#1f2f8a",
            "900": "#1d2a70",
            "950": "#141b47",
        },
    },
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"show_search": True},
}

USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
LANGUAGE_CODE = "en"
USE_I18N = False

STATIC_URL = "/static/"
# Served from where they lie, so there is nothing to collect and no STATIC_ROOT.
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

# The edge caps a request before any parsing (Segment allows 500 KB a batch; see workflows/api/ingest.py).
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

#: How long a request's body may be on its way, and a second more for each 16 KiB of it (martechops/lib/rsgi/bodies.py).
REQUEST_BODY_SECONDS = env.float("REQUEST_BODY_SECONDS", default=30)

# What one source may send, over all web processes (workflows/actions/allowance.py); it stops a runaway script.
INGEST_MESSAGES_PER_SECOND = env.float("INGEST_MESSAGES_PER_SECOND", default=20_000)

# Outbound. Without EMAIL_URL messages go to the captured mailbox.
EMAIL_URL = env.str("EMAIL_URL", default="")
EMAIL_FROM = env.str("EMAIL_FROM", default="MartechOps <hello@example.com>")
#: Where people outside reach this installation: the address in an unsubscribe link.
PUBLIC_URL = env.str("PUBLIC_URL", default="") or (
    f"https://{ALLOWED_HOSTS[0]}" if HTTPS else f"http://{ALLOWED_HOSTS[0]}:8000"
)
#: Networks that outbound requests may reach though they are private, such as 10.1.0.0/16: for an admin to say.
OUTBOUND_ALLOW = env.list("OUTBOUND_ALLOW", default=[])
#: How long a worker may take before its reservations count as orphaned.
EFFECT_LEASE_SECONDS = env.float("EFFECT_LEASE_SECONDS", default=60)
#: The longest that a connection which fails is left alone before it is tried again, and an effect likewise.
OUTBOUND_LONGEST_PAUSE_SECONDS = env.float("OUTBOUND_LONGEST_PAUSE_SECONDS", default=300)
