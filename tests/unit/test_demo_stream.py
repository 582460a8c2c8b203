"""The demo's story is the same for everybody who tells it, and says of each message what it is."""

from collections import Counter
from typing import Any

import pytest

from campaigns.demo.stream import SHARES, DemoMessage, Kind, sent_at, stream
from workflows.engine import envelope, identity


def of(kind: Kind, messages: list[DemoMessage]) -> list[DemoMessage]:
    return [message for message in messages if message.kind is kind]


@pytest.fixture(scope="module")
def story() -> list[DemoMessage]:
    return stream(3_000, 11)


def test_same_seed_same_story_and_longer_begins_with_shorter() -> None:
    assert stream(300, 5) == stream(300, 5)
    assert stream(300, 5)[:120] == stream(120, 5)
    assert stream(50, 5) != stream(50, 6)


def test_shares_are_a_hundred_and_kept(story: list[DemoMessage]) -> None:
    assert sum(SHARES.values()) == 100
    counts = Counter(message.kind for message in story)
    for kind, share in SHARES.items():
        assert counts[kind] == pytest.approx(30 * share, rel=0.5), kind


def test_every_message_is_one_that_ingest_takes(story: list[DemoMessage]) -> None:
    for message in story:
        assert envelope.fault(message.body) is None
        assert identity.keys(message.body)[0] == f"email:{message.email}"


def test_addresses_are_nobodys(story: list[DemoMessage]) -> None:
    for message in story:
        domain = message.email.partition("@")[2]
        assert domain.endswith(".example") or domain in {"example.com", "example.org", "example.net"}
        assert message.email.isascii()
        assert message.email == identity.normal_email(message.email)


def test_repeats_are_exact_and_other_ids_are_different(story: list[DemoMessage]) -> None:
    seen: dict[str, Any] = {}
    for message in story:
        assert (message.message_id in seen) == (message.kind is Kind.REPEAT)
        assert seen.setdefault(message.message_id, message.body) == message.body


def test_other_spellings_name_a_known_person_differently(story: list[DemoMessage]) -> None:
    for message in of(Kind.OTHER_SPELLING, story):
        written = message.body["properties"]["email"]
        assert written != message.email
        assert identity.normal_email(written) == message.email


def test_paid_leads_lack_what_ad_networks_do_not_ask(story: list[DemoMessage]) -> None:
    paid = of(Kind.PAID, story)
    for message in paid:
        assert message.body["properties"]["utm_medium"] == message.body["context"]["campaign"]["medium"] == "cpc"
        assert not {"first_name", "company_size"} & set(message.body["properties"])
    asked = sum("marketing_consent" in message.body["properties"] for message in paid)
    assert 0.15 < asked / len(paid) < 0.45


def test_only_known_leads_move_leave_and_return(story: list[DemoMessage]) -> None:
    leads: set[str] = set()
    away: set[str] = set()
    for message in story:
        if message.kind in {Kind.COMPLETE, Kind.PAID}:
            assert message.email not in leads
            leads.add(message.email)
        elif message.allowed:
            assert message.email in leads
        if message.kind is Kind.RETURN:
            assert message.email in away
            away.remove(message.email)
        if message.kind is Kind.UNSUBSCRIBE:
            away.add(message.email)


def test_people_of_the_quarantine_are_nowhere_else(story: list[DemoMessage]) -> None:
    held = {message.email for message in story if not message.allowed}
    assert held
    assert not held & {message.email for message in story if message.allowed}


def test_time_goes_forward_and_ends_when_the_stream_is_sent(story: list[DemoMessage]) -> None:
    told = [message.body["timestamp"] for message in story if message.kind is not Kind.REPEAT]
    assert told == sorted(told)
    assert sent_at(story) == told[-1]
