"""Where other systems post: signed webhooks (Standard Webhooks) and CloudEvents, at /ingest/<source>/.

A source with a signing secret takes signed bodies only: the raw bytes are verified before anything is parsed, in
constant time, at most five minutes old, and the id under the signature is remembered for ever like that of any message
(FAULTS S12). A source without one is opened by its write key. Replies and limits are those of /v1. What mail providers
say of messages is known by its form; who complained, or has no mailbox any more, is written to no more at once.
"""

import functools
import hmac
from collections.abc import Mapping
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from standardwebhooks import Webhook

from martechops.lib import clerk, request_body, strict_json
from workflows.actions import sources as signing
from workflows.actions import unsubscribing
from workflows.api import ingest
from workflows.engine import mail_events, translation
from workflows.models import Source
from workflows.queries import sources

#: A CloudEvents batch; larger ones are split by their senders.
MOST_EVENTS = 2_500
_ID_HEADER = "webhook-id"


@csrf_exempt
def arrival(request: HttpRequest, key: str) -> HttpResponse:
    """POST /ingest/<source>/"""
    if request.method == "OPTIONS":
        return _handshake(request)
    taking_in = functools.partial(_taken_in, request, key=key, received_at=timezone.now())
    return clerk.at_once(ingest.answering(request.method, taking_in)).to_django()


def _handshake(request: HttpRequest) -> HttpResponse:
    """CloudEvents asks whether it may deliver here at all (HTTP 1.1 Web Hooks for Event Delivery, section 4)."""
    reply = HttpResponse(status=204, headers={"Allow": "POST, OPTIONS"})
    if origin := request.headers.get("WebHook-Request-Origin"):
        reply["WebHook-Allowed-Origin"] = origin
        reply["WebHook-Allowed-Rate"] = "*"
    return reply


async def _taken_in(request: HttpRequest, *, key: str, received_at: datetime) -> ingest.Reply:
    try:
        raw = request_body.read(request, at_most=ingest.LARGEST_BATCH_BYTES)
        source = _sender(request, sources.with_key(key), raw)
        document = strict_json.loads(raw)
        told = mail_events.messages(document)
        messages = _messages(request, source, document) if told is None else told
    except (request_body.BadBody, strict_json.BadJson, translation.Untranslatable) as error:
        raise ingest.Answer(400, "invalid_request", f"Nothing was stored: {error}.") from None
    reply = await ingest.store(source, messages, received_at=received_at)
    for message in told or ():
        if message["event"] in mail_events.ENDS:
            unsubscribing.turned_away(message, source=source, at=received_at)
    return reply


def _sender(request: HttpRequest, source: Source | None, raw: bytes) -> Source:
    """The source, if the request is its own; what is wrong is not said to whoever cannot prove that it is."""
    if source is None or not (_is_signed if source.signing else _has_write_key)(request, source, raw):
        message = "There is no such source, or the signature or write key is not its own."
        raise ingest.Answer(401, "unauthorized", message)
    return source


def _is_signed(request: HttpRequest, source: Source, raw: bytes) -> bool:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return any(_verifies(secret, raw, headers) for secret in signing.secrets_of(source))


def _verifies(secret: str, raw: bytes, headers: Mapping[str, str]) -> bool:
    try:
        Webhook(secret).verify(raw, dict(headers))
    except Exception:  # noqa: BLE001 - on malformed input the library raises more than its own error
        return False
    return True


def _has_write_key(request: HttpRequest, source: Source, raw: bytes) -> bool:
    del raw
    given = ingest.key_in(request.headers.get("Authorization", ""))
    return given is not None and hmac.compare_digest(given.encode(), source.write_key.encode())


def _messages(request: HttpRequest, source: Source, document: object) -> list[object]:
    """What the body says, event by event; one that cannot be translated is a refusal in its place."""
    reading = translation.reading_of(source.reading)
    content_type = (request.content_type or "").lower()
    if content_type == translation.CLOUDEVENTS:
        if not isinstance(document, list) or len(document) > MOST_EVENTS:
            raise translation.Untranslatable(f"a batch is a list of at most {MOST_EVENTS} events")
        return [_event_or_refusal(event, reading) for event in document]
    if content_type == translation.CLOUDEVENT:
        return [translation.cloud_event(document, reading=reading)]
    if request.headers.get("ce-specversion"):
        event = translation.cloud_event_of_headers(dict(request.headers), document)
        return [translation.cloud_event(event, reading=reading)]
    message_id = request.headers.get(_ID_HEADER) if source.signing else None
    return [translation.message(document, reading=reading, message_id=message_id)]


def _event_or_refusal(event: object, reading: translation.Reading) -> object:
    try:
        return translation.cloud_event(event, reading=reading)
    except translation.Untranslatable as error:
        return strict_json.BadJson(str(error))
