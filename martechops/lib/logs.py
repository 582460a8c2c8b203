"""Log lines as data, with the request's id, and without anything that names a person or opens a door (FAULTS S22)."""

import re
import uuid
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase

REQUEST_ID = "X-Request-ID"
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,64}")

#: Keys whose values are never written, whoever logs them.
SECRET_KEYS = frozenset(
    [
        "password",
        "token",
        "secret",
        "authorization",
        "cookie",
        "write_key",
        "writekey",
        "email",
        "phone",
        "body",
        "payload",
    ]
)
_ADDRESS = re.compile(r"[^\s@<>\"'=(]+@[^\s@<>\"')]+\.[A-Za-z]{2,}")
_CREDENTIALS = re.compile(r"(?i)\b(basic|bearer)\s+[A-Za-z0-9+/=._~-]{6,}")
#: What PostgreSQL adds to an error: the row or the value that was at fault.
_VALUES = re.compile(r"\b(DETAIL|CONTEXT):.*")
_IN_URL = re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+@")


def without_secrets(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor: values under a secret key, e-mail addresses and credentials in any text are replaced."""
    for key, value in line.items():
        if key.lower() in SECRET_KEYS:
            line[key] = "[hidden]"
        elif isinstance(value, str):
            line[key] = clean(value)
    return line


def clean(text: str) -> str:
    """
    >>> clean("no mailbox for ana@example.com")
    'no mailbox for [address]'
    """
    text = _VALUES.sub(r"\1: [hidden]", text)
    return _ADDRESS.sub("[address]", _CREDENTIALS.sub("[credentials]", _IN_URL.sub("[credentials]@", text)))


_SHARED: list[structlog.types.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.PositionalArgumentsFormatter(),
]


def settings(*, level: str) -> dict[str, Any]:
    """Django's LOGGING: every library's lines and our own in one shape, on standard error."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*_SHARED, structlog.stdlib.ExtraAdder(allow=["status_code"])],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    without_secrets,
                    structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "logger", "event"]),
                ],
            },
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"level": level, "handlers": [], "propagate": True},
            "django.server": {"level": level, "handlers": [], "propagate": True},
            # A person's wrong address is no event; what we failed at is logged as an error all the same.
            "django.request": {"level": "ERROR"},
            # A request for a host that is not ours is answered with 400; anybody can send one, so nothing is told.
            "django.security.DisallowedHost": {"handlers": [], "level": "CRITICAL", "propagate": False},
            # Names each address it asks, and an incoming webhook's address is its key.
            "httpx2": {"level": "WARNING"},
            # Says each attempt to reconnect; the part that wanted the connection says it better.
            "psycopg.pool": {"level": "ERROR"},
        },
    }


def configure() -> None:
    """Let `structlog.get_logger()` go the same way as the libraries' loggers."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def is_request_id(text: str) -> bool:
    """Is what somebody says of a request fit to name it in the log?"""
    return _WELL_FORMED.fullmatch(text) is not None


class RequestIdMiddleware:
    """Names every request, in each of its log lines and in its answer; a well-formed id from a proxy is kept."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get(REQUEST_ID, "")
        request_id = given if is_request_id(given) else uuid.uuid4().hex
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
        response[REQUEST_ID] = request_id
        return response
