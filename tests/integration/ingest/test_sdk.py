"""The real SDK, against the real addresses, over HTTP (DEPENDENCIES, wire format; FAULTS F2)."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from segment.analytics import request
from segment.analytics.client import Client
from segment.analytics.request import APIError

from workflows.actions import allowance, inbound, sources
from workflows.api import ingest
from workflows.models import EventConflict, InboundEvent, QueuedEvent, Source

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("D7")]

MakeClient = Callable[..., Client]


@pytest.fixture
def web_form() -> Source:
    return sources.create(key="web-form", name="Web form", by="test", at=timezone.now())


@pytest.fixture
def sdk(live_server: LiveServer, web_form: Source) -> Iterator[MakeClient]:
    """sdk(gzip=True, …) makes a client; it is shut down at the end and may not have failed."""
    made: list[Client] = []
    failures: list[object] = []

    def make(**options: Any) -> Client:
        usual = {"write_key": web_form.write_key, "host": live_server.url, "upload_interval": 0.05}
        client = Client(**usual | {"on_error": lambda *args: failures.append(args)} | options)
        made.append(client)
        return client

    yield make
    for client in made:
        if not client.sync_mode:
            client.shutdown()
    request._session.close()  # the server's thread would keep its database connection as long as this one
    assert failures == []


def events() -> dict[str, InboundEvent]:
    return {event.message_id: event for event in InboundEvent.objects.all()}


@pytest.mark.parametrize("gzip", [False, True])
def test_every_kind_of_call_arrives(sdk: MakeClient, gzip: bool) -> None:
    client = sdk(gzip=gzip)
    client.identify("7", {"email": "ana@example.com", "name": "Ána"}, message_id="i")
    client.track("7", "Demo Requested", {"form_id": "demo", "size": 12}, message_id="t")
    client.page("7", "Docs", "Pricing", {"url": "https://www.example.com/pricing"}, message_id="p")
    client.screen("7", "Home", "Start", message_id="s")
    client.group("7", "acme", {"name": "Acme"}, message_id="g")
    client.alias("anon-1", "7", message_id="a")
    client.flush()
    stored = events()
    assert {message_id: event.type for message_id, event in stored.items()} == {
        "i": "identify",
        "t": "track",
        "p": "page",
        "s": "screen",
        "g": "group",
        "a": "alias",
    }
    assert stored["t"].name == "Demo Requested"
    assert stored["i"].body["traits"] == {"email": "ana@example.com", "name": "Ána"}
    assert stored["p"].body["category"] == "Docs"
    assert stored["a"].body["previousId"] == "anon-1"
    assert all(event.body["context"]["library"]["name"] == "analytics-python" for event in stored.values())
    assert QueuedEvent.objects.count() == 6


def test_time_of_an_event_is_kept_as_far_before_its_sending(sdk: MakeClient) -> None:
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    client = sdk()
    client.track("7", "Demo Requested", timestamp=an_hour_ago, message_id="t")
    client.flush()
    assert abs(events()["t"].occurred_at - an_hour_ago) < timedelta(seconds=5)


def test_thousand_messages_with_200_repeats_are_800_events(sdk: MakeClient) -> None:
    client = sdk(gzip=True, upload_size=100)
    for number in range(1_000):
        # Numbers 800 to 999 come under the ids, and with the content, of the first 200.
        first = number % 800
        client.track(
            f"u-{first}",
            "Demo Requested",
            {"email": f"lead{first}@example.com"},
            timestamp=datetime(2026, 11, 22, 9, tzinfo=UTC),
            message_id=f"m-{first}",
        )
    client.flush()
    assert InboundEvent.objects.count() == QueuedEvent.objects.count() == 800
    assert not EventConflict.objects.exists()


def test_sdk_repeats_after_503_and_everything_is_stored_once(sdk: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the database is away: once before anything was stored, once after the commit (the reply is lost)."""
    receive, calls = inbound.receive_together, []

    async def flaky(**options: Any) -> inbound.Receipt:
        calls.append([message["messageId"] for message in options["messages"]])
        if len(calls) == 1:
            raise OperationalError("away")
        receipt = await receive(**options)
        if len(calls) == 2:
            raise OperationalError("gone after the commit")
        return receipt

    monkeypatch.setattr(inbound, "receive_together", flaky)
    monkeypatch.setattr(ingest, "DATABASE_AWAY_SECONDS", 1)
    client = sdk()
    client.track("7", "Demo Requested", message_id="t")
    client.flush()
    assert calls == [["t"], ["t"], ["t"]]
    assert InboundEvent.objects.count() == QueuedEvent.objects.count() == 1


def test_sdk_waits_after_429_and_everything_is_stored_once(
    sdk: MakeClient, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.INGEST_MESSAGES_PER_SECOND = 20
    monkeypatch.setattr(allowance, "BLOCK", 20)
    client = sdk(upload_size=20)
    for number in range(40):
        client.track("7", "Demo Requested", message_id=f"m-{number}")
    client.flush()
    assert InboundEvent.objects.count() == QueuedEvent.objects.count() == 40


def test_sdk_reads_why_it_was_refused(sdk: MakeClient) -> None:
    with pytest.raises(APIError) as caught:
        sdk(write_key="wrong", sync_mode=True).track("7", "Demo Requested")
    assert (caught.value.status, caught.value.code) == (401, "unauthorized")
    with pytest.raises(APIError) as caught:
        sdk(sync_mode=True).track("7", "x" * 300)
    assert (caught.value.status, caught.value.code) == (400, "invalid_messages")
    assert "event: longer than 255" in caught.value.message


def test_not_a_number_from_python_costs_only_its_own_message(sdk: MakeClient, live_server: LiveServer) -> None:
    """Python's json writes NaN, which no JSON parser has to take; the SDK sends it, and does not repeat after a 400."""
    failed: list[object] = []
    client = sdk(on_error=lambda error, batch: failed.append(str(error)), upload_size=3, upload_interval=1)
    for number, score in enumerate([1.0, float("nan"), 2.0]):
        client.track("7", "Scored", {"score": score}, message_id=f"m-{number}")
    client.flush()
    assert sorted(events()) == ["m-0", "m-2"]
    assert "at 1: NaN" in str(failed)
