"""What arrives in another form than Segment's, as a message: a webhook's body, a CloudEvent.

A source says where in its documents things are (`Reading`); what it does not say is looked for where most senders put
it. Sources: Standard Webhooks (payload `type`, `timestamp`, `data`), CloudEvents 1.0 with its HTTP and JSON bindings.
"""

from collections.abc import Mapping
from dataclasses import field, fields
from typing import Any

from martechops.lib.frozen import dataclass

CLOUDEVENT = "application/cloudevents+json"
CLOUDEVENTS = "application/cloudevents-batch+json"
#: Attributes that every CloudEvent has.
_NEEDED = ("id", "source", "specversion", "type")


class BadReading(ValueError):
    """Where a source says that things are cannot be read; the message names the entry."""


class Untranslatable(ValueError):
    """The document says nothing that a message can be made of; the message is for its sender."""


@dataclass(frozen=True, slots=True)
class Reading:
    """For each part of a message the dotted places in the document, the first that holds something counts."""

    event: tuple[str, ...] = ("type", "event")
    user_id: tuple[str, ...] = ("data.userId", "data.user_id", "userId", "user_id")
    anonymous_id: tuple[str, ...] = ("data.anonymousId", "data.anonymous_id", "anonymousId", "anonymous_id")
    email: tuple[str, ...] = ("data.email", "email")
    occurred_at: tuple[str, ...] = ("time", "timestamp", "data.timestamp")
    properties: tuple[str, ...] = ("data",)
    #: What the sender calls its events, and what the catalog calls them.
    names: Mapping[str, str] = field(default_factory=dict)


def reading_of(document: Mapping[str, Any]) -> Reading:
    """What a source says of its documents: a place, or a list of places, by part. Raises `BadReading`.

    >>> reading_of({"event": "action", "email": ["contact.mail", "mail"]}).email
    ('contact.mail', 'mail')
    """
    known = {part.name for part in fields(Reading)}
    found: dict[str, Any] = {}
    for name, said in document.items():
        if name not in known:
            raise BadReading(f"{name}: unknown; known are {', '.join(sorted(known))}")
        found[name] = _names(said) if name == "names" else _places(name, said)
    return Reading(**found)


def _places(name: str, said: object) -> tuple[str, ...]:
    places = [said] if isinstance(said, str) else said
    if not isinstance(places, list) or not all(isinstance(place, str) and place.strip() for place in places):
        raise BadReading(f"{name}: must be a place such as data.email, or a list of places")
    return tuple(places)


def _names(said: object) -> Mapping[str, str]:
    if isinstance(said, dict) and all(isinstance(new, str) and new for new in said.values()):
        return said
    raise BadReading("names: must give for each of the sender's names the event's name in the catalog")


def message(document: object, *, reading: Reading, message_id: str | None) -> dict[str, Any]:
    """The document as a track message. Raises `Untranslatable`.

    >>> message({"type": "lead.won", "data": {"email": "ana@example.com"}}, reading=Reading(), message_id="m-1")
    {'type': 'track', 'event': 'lead.won', 'properties': {'email': 'ana@example.com'}, 'messageId': 'm-1'}
    """
    if not isinstance(document, dict):
        raise Untranslatable("the body must be a JSON object")
    name = _first(document, reading.event)
    if not isinstance(name, str) or not name:
        raise Untranslatable(f"the event's name is missing; it is looked for at {' and '.join(reading.event)}")
    properties = _first(document, reading.properties)
    if properties is not None and not isinstance(properties, dict):
        properties = {"value": properties}
    said: dict[str, Any] = {"type": "track", "event": reading.names.get(name, name), "properties": properties or {}}
    if (email := _first(document, reading.email)) is not None:
        said["properties"] = said["properties"] | {"email": email}
    for key, places in (("userId", reading.user_id), ("anonymousId", reading.anonymous_id)):
        if (value := _first(document, places)) is not None:
            said[key] = value
    if (occurred_at := _first(document, reading.occurred_at)) is not None:
        said["timestamp"] = occurred_at
    if message_id:
        said["messageId"] = message_id
    return said


def cloud_event(document: object, *, reading: Reading) -> dict[str, Any]:
    """A CloudEvent as a track message; its id is unique within its own `source` only, so both name it.

    >>> event = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.paid", "data": {"user_id": "7"}}
    >>> cloud_event(event, reading=Reading())["messageId"], cloud_event(event, reading=Reading())["userId"]
    ('/shop 1', '7')
    """
    if not isinstance(document, dict):
        raise Untranslatable("a CloudEvent must be a JSON object")
    for name in _NEEDED:
        if not isinstance(document.get(name), str) or not document[name]:
            raise Untranslatable(f"{name}: missing; a CloudEvent has {', '.join(_NEEDED)}")
    if document["specversion"] != "1.0":
        raise Untranslatable(f"specversion: must be 1.0; it is {document['specversion']}")
    if "data_base64" in document:
        raise Untranslatable("data_base64: binary data cannot be read; send JSON as data")
    found = message(document, reading=reading, message_id=f"{document['source']} {document['id']}")
    return found | {"context": {"cloudevent": {key: document[key] for key in ("source", "subject") if key in document}}}


def cloud_event_of_headers(headers: Mapping[str, str], data: object) -> dict[str, Any]:
    """The document of a CloudEvent in binary mode: attributes from `ce-` headers, data from the body."""
    attributes = {name.lower()[3:]: value for name, value in headers.items() if name.lower().startswith("ce-")}
    return {**attributes, "data": data}


def _first(document: Mapping[str, Any], places: tuple[str, ...]) -> Any:
    return next((value for place in places if (value := _at(document, place)) not in (None, "")), None)


def _at(document: Any, place: str) -> Any:
    for part in place.split("."):
        if not isinstance(document, dict):
            return None
        document = document.get(part)
    return document
