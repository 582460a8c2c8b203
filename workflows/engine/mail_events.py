"""What became of messages, as mail providers say it: bodies of Postmark, SendGrid and Mailgun as track messages.

Each is known by its form, so nothing has to be set. What they tell of is named alike: `Email Delivered`,
`Email Bounced` (for good), `Email Deferred` (for now), `Email Complained`, `Email Opened`, `Email Clicked`; the rest is
left out.
Sources: Postmark "Webhooks", SendGrid "Event Webhook reference", Mailgun "Webhooks".
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

DELIVERED, BOUNCED, DEFERRED = "Email Delivered", "Email Bounced", "Email Deferred"
COMPLAINED, OPENED, CLICKED = "Email Complained", "Email Opened", "Email Clicked"
#: Nothing may be sent there any more.
ENDS = (BOUNCED, COMPLAINED)

Document = Mapping[str, Any]
Message = dict[str, Any]


def messages(document: object) -> list[Message] | None:
    """The messages that a provider's body tells of; None if it is no provider's.

    >>> body = {"RecordType": "SpamComplaint", "MessageID": "m", "Email": "ana@example.com", "BouncedAt": "2026-11-02"}
    >>> [(one["event"], one["properties"]["email"]) for one in messages(body) or []]
    [('Email Complained', 'ana@example.com')]
    >>> messages({"type": "lead.won"}) is None
    True
    """
    for reads in (_postmark, _sendgrid, _mailgun):
        if (found := reads(document)) is not None:
            return list(found)
    return None


def _postmark(document: object) -> Iterator[Message] | None:
    if not isinstance(document, Mapping) or "RecordType" not in document or "MessageID" not in document:
        return None
    kind = str(document["RecordType"])
    name = _POSTMARK.get(kind)
    if kind == "Bounce":
        name = BOUNCED if document.get("Inactive") or document.get("Type") == "HardBounce" else DEFERRED
    at = _text(document, "DeliveredAt", "BouncedAt", "ReceivedAt")
    said = _said(
        name,
        provider="postmark",
        to=_text(document, "Recipient", "Email"),
        at=at,
        id=f"{kind} {document.get('ID') or document['MessageID']} {at}",
        message_id=_text(document, "MessageID"),
        url=_text(document, "OriginalLink"),
        reason=_text(document, "Description", "Details"),
    )
    return iter(said)


def _sendgrid(document: object) -> Iterator[Message] | None:
    if not isinstance(document, list) or not document:
        return None
    if not all(isinstance(one, Mapping) and "sg_event_id" in one for one in document):
        return None
    return (message for one in document for message in _of_sendgrid(one))


def _of_sendgrid(one: Document) -> list[Message]:
    kind = str(one.get("event"))
    name = DEFERRED if kind == "bounce" and one.get("type") == "blocked" else _SENDGRID.get(kind)
    return _said(
        name,
        provider="sendgrid",
        to=_text(one, "email"),
        at=_instant(one.get("timestamp")),
        id=_text(one, "sg_event_id"),
        message_id=_text(one, "smtp-id", "sg_message_id"),
        url=_text(one, "url"),
        reason=_text(one, "reason", "response"),
    )


def _mailgun(document: object) -> Iterator[Message] | None:
    if not isinstance(document, Mapping) or not isinstance(document.get("event-data"), Mapping):
        return None
    one = document["event-data"]
    kind = str(one.get("event"))
    name = DEFERRED if kind == "failed" and one.get("severity") != "permanent" else _MAILGUN.get(kind)
    status = one.get("delivery-status")
    return iter(
        _said(
            name,
            provider="mailgun",
            to=_text(one, "recipient"),
            at=_instant(one.get("timestamp")),
            id=_text(one, "id"),
            message_id=_text(_inner(one, "message", "headers"), "message-id"),
            url=_text(one, "url"),
            reason=_text(status if isinstance(status, Mapping) else {}, "message", "description"),
        )
    )


_POSTMARK = {"Delivery": DELIVERED, "SpamComplaint": COMPLAINED, "Open": OPENED, "Click": CLICKED}
_SENDGRID = {
    "delivered": DELIVERED,
    "bounce": BOUNCED,
    "deferred": DEFERRED,
    "spamreport": COMPLAINED,
    "open": OPENED,
    "click": CLICKED,
}
_MAILGUN = {"delivered": DELIVERED, "failed": BOUNCED, "complained": COMPLAINED, "opened": OPENED, "clicked": CLICKED}


def _said(name: str | None, *, provider: str, to: str, at: str, id: str, **more: str) -> list[Message]:
    """None for what is not told on, such as that a message was taken in."""
    if name is None or not to:
        return []
    properties = {"email": to, "provider": provider} | {key: value for key, value in more.items() if value}
    said: Message = {"type": "track", "event": name, "userId": to, "properties": properties}
    said["messageId"] = f"{provider} {id}"
    return [said | ({"timestamp": at} if at else {})]


def _text(document: Document, *names: str) -> str:
    return next((str(document[name]) for name in names if document.get(name)), "")


def _inner(document: Document, *names: str) -> Document:
    for name in names:
        inner = document.get(name)
        document = inner if isinstance(inner, Mapping) else {}
    return document


def _instant(seconds: object) -> str:
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 < seconds < 4_102_444_800:
        return ""
    return datetime.fromtimestamp(seconds, UTC).isoformat()
