"""What a message must have, and when it happened by the server's clock (FAULTS F9)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.engine import envelope

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WHO = {"userId": "7"}


@pytest.mark.parametrize(
    "message",
    [
        {"type": "track", "event": "Demo Requested", **WHO},
        {"type": "track", "event": "Demo Requested", "anonymousId": "a", "userId": None},
        {"type": "track", "event": "Démo 😀", "userId": 7, "properties": None, "timestamp": None},
        {"type": "identify", "traits": {}, **WHO},
        {"type": "page", "name": None, "anonymousId": "a"},
        {"type": "screen", **WHO},
        {"type": "group", "groupId": 12, **WHO},
        {"type": "alias", "previousId": "a", **WHO},
        {"type": "identify", "timestamp": "2026-11-22T12:00:00.123456789Z", **WHO},
        {"type": "identify", "timestamp": "2026-11-22T12:00:00", **WHO},
    ],
)
def test_message_is_taken(message: dict[str, Any]) -> None:
    assert envelope.fault(message) is None


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ({}, "type: must be one of"),
        ({"type": "sale", **WHO}, "type: must be one of"),
        ({"type": ["track"], **WHO}, "type: must be one of"),
        ({"type": "track", **WHO}, "event: the name is missing"),
        ({"type": "track", "event": "", **WHO}, "event: the name is missing"),
        ({"type": "track", "event": " ", **WHO}, "event: must be text"),
        ({"type": "track", "event": 7, **WHO}, "event: must be text"),
        ({"type": "track", "event": "x" * 256, **WHO}, "event: longer than 255"),
        ({"type": "track", "event": "x"}, "userId, anonymousId or an e-mail address: one of them"),
        (
            {"type": "identify", "userId": "", "anonymousId": "  "},
            "userId, anonymousId or an e-mail address: one of them",
        ),
        ({"type": "identify", "userId": True}, "userId: must be text or a whole number"),
        ({"type": "identify", "userId": 1.5}, "userId: must be text or a whole number"),
        ({"type": "identify", "userId": "7", "anonymousId": []}, "anonymousId: must be text"),
        ({"type": "identify", "userId": "7" * 256}, "userId: longer than 255"),
        ({"type": "identify", "messageId": 5, **WHO}, "messageId: must be text"),
        ({"type": "identify", "messageId": "m" * 256, **WHO}, "messageId: longer than 255"),
        ({"type": "identify", "traits": [], **WHO}, "traits: must be an object"),
        ({"type": "track", "event": "x", "properties": "p", **WHO}, "properties: must be an object"),
        ({"type": "page", "context": 1, **WHO}, "context: must be an object"),
        ({"type": "page", "timestamp": "yesterday", **WHO}, "timestamp: must be an instant"),
        ({"type": "page", "timestamp": 1763800000, **WHO}, "timestamp: must be an instant"),
        ({"type": "group", **WHO}, "groupId: missing"),
        ({"type": "group", "groupId": {}, **WHO}, "groupId: must be text"),
        ({"type": "alias", **WHO}, "previousId: missing"),
        ({"type": "alias", "previousId": "a", "anonymousId": "b"}, "userId: missing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_fault_is_named(message: dict[str, Any], says: str) -> None:
    found = envelope.fault(message)
    assert found is not None
    assert found.startswith(says)


@pytest.mark.parametrize(
    ("timestamp", "sent_at", "occurred_at"),
    [
        (None, None, NOON),
        (None, "2020-01-01T00:00:00Z", NOON),
        ("2026-11-22T11:00:00Z", None, NOON - timedelta(hours=1)),
        ("2026-11-22T11:00:00Z", "2026-11-22T11:00:30Z", NOON - timedelta(seconds=30)),
        # a clock that is fast by two hours, and one that stands in 1970: the difference is right
        ("2026-11-22T13:59:00Z", "2026-11-22T14:00:00Z", NOON - timedelta(minutes=1)),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:05:00Z", NOON - timedelta(minutes=5)),
        # never in the future
        ("2026-11-22T13:00:00Z", None, NOON),
        ("2026-11-22T13:00:00Z", "2026-11-22T12:00:00Z", NOON),
        ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", NOON),
        # never absurdly old
        ("1970-01-01T00:00:00Z", "2026-11-22T12:00:00Z", NOON - envelope.OLDEST),
        ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", NOON - envelope.OLDEST),
        # offsets count
        ("2026-11-22T12:59:00+01:00", "2026-11-22T06:00:00-06:00", NOON - timedelta(minutes=1)),
    ],
)
def test_client_clock_is_corrected(timestamp: str | None, sent_at: str | None, occurred_at: datetime) -> None:
    found = envelope.occurred_at({"timestamp": timestamp}, received_at=NOON, sent_at=envelope.instant(sent_at))
    assert found == occurred_at


odd_values = st.sampled_from(
    [
        *(None, True, 0, -1, 2**63, 1.5, 1e300, "", " ", "x", "\x1f", "é" * 300),
        *("2026-02-30", "0001-01-01T00:00:00+14:00", [], {}, [None]),
        *({"email": "a@b"}, {"email": 7}, {"traits": {"email": "A@b "}}, {"traits": [{}]}),
    ]
)


@given(
    st.fixed_dictionaries(
        {"type": st.sampled_from([*sorted(envelope.TYPES), "x"])},
        optional=dict.fromkeys(
            ["event", "messageId", "userId", "anonymousId", "groupId", "previousId", "traits", "context", "timestamp"],
            odd_values,
        ),
    )
)
def test_whatever_is_sent_is_judged_and_what_is_taken_can_be_read(message: dict[str, Any]) -> None:
    if envelope.fault(message) is None:
        assert json.dumps(message)
        assert 0 <= envelope.lane(message) < envelope.LANES
        assert envelope.occurred_at(message, received_at=NOON, sent_at=None) <= NOON
