"""Where SDKs post: Segment's addresses, spoken as Segment's servers speak them (DESIGN section 8).

200 `{"success": true}` is said after the commit and never before. What a sender can mend is 4xx with `code` and
`message`, as the SDKs read them; what passes by itself (too many, database away) is 429 or 503 with Retry-After, upon
which an SDK sends the same ids again. A batch with bad messages is 400 too, but its good ones are stored: SDKs do not
repeat after a 400, so refusing the neighbours would lose them. Too large is 400 (as at Segment), not 413.

No sessions, no templates, no REST framework: this is the busiest address of the product.
"""

import base64
import binascii
import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from martechops.lib import clerk, request_body, strict_json
from martechops.people import limits
from workflows.actions import allowance, inbound
from workflows.engine import envelope
from workflows.models import Source
from workflows.queries import write_keys

#: Of a request's body, as sent and as inflated.
LARGEST_BATCH_BYTES = 500 * 1024
MOST_MESSAGES = 2_500
#: Refusals that a reply lists; the rest are counted.
MOST_LISTED = 100
#: The database is restarted in seconds; SDKs add their own back-off.
DATABASE_AWAY_SECONDS = 2

#: The browser SDK's short addresses beside the long ones.
TYPE_OF = {kind: kind for kind in sorted(envelope.TYPES)} | {
    "t": "track",
    "i": "identify",
    "p": "page",
    "s": "screen",
    "g": "group",
    "a": "alias",
}

# A browser page on any site may send: it holds nothing but the write key, which the page shows anyway.
_CORS = {"Access-Control-Allow-Origin": "*"}


@dataclass(frozen=True, slots=True)
class Posted:
    """What is looked at of a request, whoever received it."""

    method: str
    address: str
    authorization: str | None
    #: Raises BadBody.
    body: Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered."""

    status: int
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_django(self) -> HttpResponse:
        return HttpResponse(self.content, status=self.status, headers=self.headers)


@dataclass(frozen=True, slots=True)
class _Sent:
    """What one request asks to be stored."""

    messages: Sequence[object]
    write_key: object
    sent_at: datetime | None


class Answer(Exception):
    """Ends a request early with this reply."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.reply = _failure(status, code=code, message=message, headers=named)


@csrf_exempt
def batch(request: HttpRequest) -> HttpResponse:
    """POST /v1/batch"""
    return clerk.at_once(answer(_of_django(request), kind=None)).to_django()


@csrf_exempt
def single(request: HttpRequest, kind: str) -> HttpResponse:
    """POST /v1/track and its siblings: one message, its type said by the address."""
    return clerk.at_once(answer(_of_django(request), kind=kind)).to_django()


def _of_django(request: HttpRequest) -> Posted:
    async def body() -> bytes:
        return request_body.read(request, at_most=LARGEST_BATCH_BYTES)

    meta = request.META
    return Posted(request.method or "", str(meta.get("REMOTE_ADDR", "")), meta.get("HTTP_AUTHORIZATION"), body)


async def answer(posted: Posted, *, kind: str | None) -> Reply:
    """The reply to a request: a batch, or one message of a kind."""
    if posted.method == "OPTIONS":
        return _PREFLIGHT
    return await answering(posted.method, functools.partial(_taken_in, posted, kind=kind))


async def answering(method: str | None, take_in: Callable[[], Awaitable[Reply]]) -> Reply:
    """What `take_in` replies, or what it raised as a reply: an `Answer`, or the database being away."""
    try:
        if method != "POST":
            raise Answer(405, "method_not_allowed", "Only POST is understood here.", Allow="POST, OPTIONS")
        return await take_in()
    except Answer as answer:
        return answer.reply
    except (OperationalError, InterfaceError, InternalError):
        message = "The database is away for a moment. Send the same messages again; none will be stored twice."
        return Answer(503, "unavailable", message, Retry_After=str(DATABASE_AWAY_SECONDS)).reply


async def _taken_in(posted: Posted, *, kind: str | None) -> Reply:
    received_at = timezone.now()
    header = posted.authorization
    # Whoever brings a wrong key in the header has nothing read and parsed for him.
    source = await _source(key_in(header), address=posted.address) if header else None
    sent = await _sent(posted, kind=kind)
    source = source or await _source(sent.write_key, address=posted.address)
    return await store(source, sent.messages, received_at=received_at, sent_at=sent.sent_at)


async def store(
    source: Source, messages: Sequence[object], *, received_at: datetime, sent_at: datetime | None = None
) -> Reply:
    """The reply to what a source sent, once that is committed. Raises `Answer` past the source's allowance."""
    if wait := await allowance.spend(source_id=source.pk, messages=max(1, len(messages))):
        raise Answer(429, "too_many", "This source sends more than it may.", Retry_After=str(wait))
    receipt = await inbound.receive_together(source=source, messages=messages, received_at=received_at, sent_at=sent_at)
    return _refusals(receipt) if receipt.refused else _STORED


def key_in(header: str) -> str | None:
    """The write key of an Authorization header: a user name (Basic) or a token (Bearer)."""
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return None


async def _source(write_key: object, *, address: str) -> Source:
    found = await write_keys.source_of(write_key)
    if found is None:
        if wait := await clerk.ask(limits.spend, limits.INGEST_BAD_KEY, whom=address):
            raise Answer(429, "too_many", "Too many wrong write keys from this address.", Retry_After=str(wait))
        message = "The write key is missing, unknown or switched off. Send it as the user name of Basic authorization."
        raise Answer(401, "unauthorized", message, WWW_Authenticate='Basic realm="ingest"')
    return found


async def _sent(posted: Posted, *, kind: str | None) -> _Sent:
    try:
        raw = await posted.body()
        return _read_batch(raw) if kind is None else _read_single(raw, kind=kind)
    except (request_body.BadBody, strict_json.BadJson) as error:
        raise Answer(400, "invalid_request", f"Nothing was stored: {error}.") from None


def _read_batch(raw: bytes) -> _Sent:
    document, messages = strict_json.loads_items(raw, member="batch")
    if len(messages) > MOST_MESSAGES:
        raise strict_json.BadJson(f"more than {MOST_MESSAGES} messages")
    shared = document.get("context")
    if isinstance(shared, dict) and shared:
        messages = [_with_context(message, shared) for message in messages]
    return _Sent(messages, write_key=document.get("writeKey"), sent_at=envelope.instant(document.get("sentAt")))


def _with_context(message: object, shared: Mapping[str, Any]) -> object:
    """The batch's context counts for each message; what the message says itself is stronger."""
    own = message.get("context") if isinstance(message, dict) else False
    if not isinstance(message, dict) or not isinstance(own, dict | None):
        return message
    return message | {"context": {**shared, **(own or {})}}


def _read_single(raw: bytes, *, kind: str) -> _Sent:
    message = strict_json.loads(raw)
    if not isinstance(message, dict):
        raise strict_json.BadJson("the body must be a JSON object")
    if message.setdefault("type", kind) != kind:
        raise strict_json.BadJson(f'the "type" must be {kind} at this address, or absent')
    return _Sent([message], write_key=message.get("writeKey"), sent_at=envelope.instant(message.get("sentAt")))


def _refusals(receipt: inbound.Receipt) -> Reply:
    kept = receipt.stored + receipt.repeated + receipt.conflicts
    first = receipt.refused[0]
    message = f"{len(receipt.refused)} refused, {kept} accepted. First, at {first.index}: {first.reason}."
    return _failure(
        400,
        code="invalid_messages",
        message=message,
        accepted=kept,
        stored=receipt.stored,
        repeated=receipt.repeated + receipt.conflicts,
        refused_count=len(receipt.refused),
        refused=[
            {"index": refused.index, "messageId": refused.message_id, "reason": refused.reason}
            for refused in receipt.refused[:MOST_LISTED]
        ],
    )


def failed() -> Reply:
    """The reply to a fault of ours, upon which an SDK sends the same ids again."""
    return _failure(500, code="internal_error", message="This could not be handled. Send the same messages again.")


def _failure(
    status: int, *, code: str, message: str, headers: Mapping[str, str] | None = None, **more: object
) -> Reply:
    return _reply(status, {"success": False, "code": code, "message": message, **more}, headers or {})


def _reply(status: int, content: Mapping[str, object], headers: Mapping[str, str]) -> Reply:
    return Reply(status, orjson.dumps(content), {**_CORS, "Content-Type": "application/json", **headers})


_STORED = _reply(200, {"success": True}, {})
_PREFLIGHT = Reply(
    204,
    headers={
        **_CORS,
        "Access-Control-Allow-Methods": "POST, OPTIONS",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, Content-Encoding, X-Retry-Count",
        "Access-Control-Max-Age": "86400",
        "Content-Type": "text/html; charset=utf-8",
    },
)
