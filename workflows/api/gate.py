"""The ingest addresses of /v1 without the pages' surroundings: in front of Django, on the server's event loop.

Sessions, CSRF, doors, static files and the like mean nothing to a message with a write key. What they guard is kept:
the host is checked, an installation in earnest answers on HTTPS alone, the answer has its headers and its request id.
Everything that is not plainly an ingest request goes to Django, which knows the same views.

All requests are read by the loop's one thread, wait there for their group's commit, and hold no thread meanwhile.
"""

import functools
import random

import structlog
from django.conf import settings
from django.http.request import split_domain_port, validate_host

from martechops.lib import failures, logs, request_body
from martechops.lib.rsgi import bodies, pages
from martechops.lib.rsgi.interface import Application, Line, Scope
from workflows.api import ingest

log = structlog.get_logger()

#: Unfinished bodies of all senders together.
ROOM = bodies.Room(most=64 * 1024 * 1024)
#: Those that wait for their commit, inflated: as much as 32 of the largest batches. Read, they take some times as much.
AT_HAND = bodies.Room(most=32 * ingest.LARGEST_BATCH_BYTES)

_KINDS = {"/v1/batch": None} | {f"/v1/{word}": kind for word, kind in ingest.TYPE_OF.items()}


def in_front_of(django: Application) -> Application:
    """An application that answers /v1 itself and leaves the rest to Django."""

    async def application(scope: Scope, line: Line) -> None:
        if scope.path not in _KINDS or not _is_plain(scope):
            await django(scope, line)
            return
        given = scope.headers.get("x-request-id")
        request_id = given if given and logs.is_request_id(given) else _made_id()
        reply = await _reply(scope, line, request_id)
        headers = [*reply.headers.items(), *_standing_headers(), (logs.REQUEST_ID, request_id)]
        headers.append(("Content-Length", str(len(reply.content))))
        line.response_bytes(reply.status, headers, reply.content)

    return application


async def _reply(scope: Scope, line: Line, request_id: str) -> ingest.Reply:
    headers, taken = scope.headers, 0

    async def body() -> bytes:
        nonlocal taken
        raw = await _body(scope, line, headers.get("content-encoding"))
        taken = _at_hand(raw)
        return raw

    posted = ingest.Posted(scope.method, pages.address(scope), headers.get("authorization"), body)
    try:
        return await ingest.answer(posted, kind=_KINDS[scope.path])
    except Exception as error:  # noqa: BLE001 - whatever it is, the sender gets an answer and the log its place
        log.error("ingest_failed", error=failures.place(error), request_id=request_id)
        return ingest.failed()
    finally:
        AT_HAND.taken -= taken


def _at_hand(raw: bytes) -> int:
    """Its size, once there is room for it: a database that is slow must not fill the memory with what waits for it."""
    try:
        AT_HAND.take(len(raw))
    except bodies.NoRoom as error:
        raise _incomplete(error) from None
    return len(raw)


async def _body(scope: Scope, line: Line, encoding: str | None) -> bytes:
    at_most = ingest.LARGEST_BATCH_BYTES
    is_zipped = request_body.says_gzip(encoding)
    try:
        raw = await bodies.in_memory(scope, line, at_most=at_most, room=ROOM)
    except bodies.TooLarge:
        raise request_body.too_large(at_most) from None
    except bodies.Unread as error:
        raise _incomplete(error, Connection="close") from None
    return request_body.inflate(raw, at_most=at_most) if is_zipped else raw


def _incomplete(error: bodies.Unread, **headers: str) -> ingest.Answer:
    if error.status == 503:
        headers["Retry_After"] = str(ingest.DATABASE_AWAY_SECONDS)
    return ingest.Answer(error.status, "incomplete", f"Nothing was stored: {error}.", **headers)


def _made_id() -> str:
    """Chance of the process's own: asking the system for it costs more than all other headers."""
    return f"{random.getrandbits(128):032x}"


def _is_plain(scope: Scope) -> bool:
    """One of our hosts, and HTTPS where that is asked for; Django has the words for all others."""
    if settings.SECURE_SSL_REDIRECT and not _came_by_https(scope):
        return False
    return _is_ours(scope.headers.get("host") or scope.authority or "", tuple(settings.ALLOWED_HOSTS))


def _came_by_https(scope: Scope) -> bool:
    name, value = settings.SECURE_PROXY_SSL_HEADER or ("", "")
    header = name.removeprefix("HTTP_").replace("_", "-").lower()
    return scope.scheme == "https" or (bool(name) and scope.headers.get(header) == value)


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
