"""Webhooks and CloudEvents as messages."""

from typing import Any

import pytest

from workflows.engine import envelope
from workflows.engine.translation import BadReading, Reading, Untranslatable, cloud_event, message, reading_of

CLOUD = {"specversion": "1.0", "id": "A-1", "source": "/shop", "type": "order.paid", "data": {"user_id": 7}}


def test_standard_webhook_becomes_a_message_that_is_taken() -> None:
    document = {
        "type": "lead.won",
        "timestamp": "2026-11-22T12:00:00Z",
        "data": {"email": "ana@example.com", "seats": 3},
    }
    found = message(document, reading=Reading(), message_id="msg_1")
    assert found["properties"] == {"email": "ana@example.com", "seats": 3}
    assert (found["event"], found["messageId"], found["timestamp"]) == ("lead.won", "msg_1", "2026-11-22T12:00:00Z")
    assert envelope.fault(found) is None


def test_reading_says_where_things_are_and_what_events_are_called() -> None:
    reading = reading_of({"event": "action", "email": ["to.mail", "contact.mail"], "names": {"won": "Deal Won"}})
    found = message({"action": "won", "contact": {"mail": "a@example.com"}}, reading=reading, message_id=None)
    assert (found["event"], found["properties"]) == ("Deal Won", {"email": "a@example.com"})


def test_data_that_is_no_object_is_kept_as_a_value() -> None:
    assert message({"type": "ping", "data": [1]}, reading=Reading(), message_id=None)["properties"] == {"value": [1]}


def test_cloud_events_of_two_sources_may_share_an_id() -> None:
    ids = {cloud_event(CLOUD | {"source": source}, reading=Reading())["messageId"] for source in ("/shop", "/app")}
    assert len(ids) == 2


def test_cloud_event_keeps_its_source_and_subject() -> None:
    assert cloud_event(CLOUD | {"subject": "order 7"}, reading=Reading())["context"] == {
        "cloudevent": {"source": "/shop", "subject": "order 7"}
    }


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"id": None}, "id: missing"),
        ({"type": ""}, "type: missing"),
        ({"specversion": "0.3"}, "must be 1.0"),
        ({"data_base64": "AAAA"}, "binary data"),
    ],
)
def test_cloud_event_that_is_none_is_refused_by_name(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(Untranslatable, match=says):
        cloud_event(CLOUD | changes, reading=Reading())


@pytest.mark.parametrize("document", [[], "text", 7, None, {}, {"data": {}}, {"type": 5}])
def test_body_without_a_name_is_refused(document: object) -> None:
    with pytest.raises(Untranslatable):
        message(document, reading=Reading(), message_id=None)


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ({"mail": "x"}, "mail: unknown"),
        ({"email": 5}, "email: must be"),
        ({"email": [""]}, "email: must be"),
        ({"names": {"a": 1}}, "names: must"),
        ({"names": []}, "names: must"),
    ],
)
def test_reading_that_cannot_be_used_names_its_entry(said: dict[str, Any], names: str) -> None:
    with pytest.raises(BadReading, match=names):
        reading_of(said)
