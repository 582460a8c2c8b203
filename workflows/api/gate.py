"""The ingest addresses of /v1 without the pages' surroundings: in front of Django, on the same server.

Sessions, CSRF, doors, static files and the like mean nothing to a message with a write key. What they guard is kept:
the host is checked, an installation in earnest answers on HTTPS alone, the answer has its headers and its request id.
Everything that is not plainly an ingest request goes to Django, which knows the same views.

Measured with storing left out: 90 µs of CPU a single message by this way, 490 µs through Django's handler.
"""

import functools
import random
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from django.conf import settings
from django.core.handlers.wsgi import LimitedStream
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host

from martechops.lib import failures, logs
from workflows.api import ingest

log = structlog.get_logger()

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_KINDS = {"/v1/batch": None} | {f"/v1/{word}": kind for word, kind in ingest.TYPE_OF.items()}
_REASONS = {200: "200 OK", 204: "204 No Content", 400: "400 Bad Request", 401: "401 Unauthorized"}


def in_front_of(django: Wsgi) -> Wsgi:
    """An application that answers /v1 itself and leaves the rest to Django."""

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] not in _KINDS or not _is_plain(environ):
            return django(environ, start_response)
        given = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = given if given and logs.is_request_id(given) else _made_id()
        answer = _answer(environ, request_id)
        headers = [*answer.items(), *_standing_headers(), (logs.REQUEST_ID, request_id)]
        headers.append(("Content-Length", str(len(answer.content))))
        start_response(_REASONS.get(answer.status_code) or f"{answer.status_code} {answer.reason_phrase}", headers)
        return [answer.content]

    return application


def _answer(environ: Environ, request_id: str) -> HttpResponse:
    kind = _KINDS[environ["PATH_INFO"]]
    try:
        request = _Request(environ)
        return ingest.batch(request) if kind is None else ingest.single(request, kind)
    except Exception as error:  # noqa: BLE001 - whatever it is, the sender gets an answer and the log its place
        log.error("ingest_failed", error=failures.place(error), request_id=request_id)
        return ingest.failed()


class _Request(HttpRequest):
    """As much of Django's request as ingest looks at: method, headers, body."""

    def __init__(self, environ: Environ) -> None:
        self.META = environ
        self.method = environ["REQUEST_METHOD"].upper()
        length = _length(environ.get("CONTENT_LENGTH"))
        self._stream = LimitedStream(environ["wsgi.input"], length)  # type: ignore[assignment]  # as Django's own does
        self._read_started = False


def _length(spelling: str | None) -> int:
    """Nothing is read of a body that does not say how long it is; what is no number is refused by its reader."""
    return int(spelling) if spelling and spelling.isascii() and spelling.isdigit() and len(spelling) < 19 else 0


def _made_id() -> str:
    """Asking the system for chance lets go of the interpreter, and dozens of threads wait to have it."""
    return f"{random.getrandbits(128):032x}"


def _is_plain(environ: Environ) -> bool:
    """One of our hosts, and HTTPS where that is asked for; Django has the words for all others."""
    if settings.SECURE_SSL_REDIRECT and not _came_by_https(environ):
        return False
    return _is_ours(environ.get("HTTP_HOST", ""), tuple(settings.ALLOWED_HOSTS))


def _came_by_https(environ: Environ) -> bool:
    name, value = settings.SECURE_PROXY_SSL_HEADER or ("", "")
    return environ.get("wsgi.url_scheme") == "https" or (bool(name) and environ.get(name) == value)


@functools.lru_cache(maxsize=64)
def _is_ours(host: str, allowed: tuple[str, ...]) -> bool:
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, allowed)


@functools.cache
def _standing_headers() -> tuple[tuple[str, str], ...]:
    """What Django's own middleware says to every client."""
    headers = [("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY")]
    headers += [("Referrer-Policy", settings.SECURE_REFERRER_POLICY), ("Cross-Origin-Opener-Policy", "same-origin")]
    headers.append(("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"))
    if settings.SECURE_HSTS_SECONDS:
        terms = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"
        headers.append(("Strict-Transport-Security", terms))
    return tuple(headers)
