"""The demo's events go through the public address and arrive as they were told."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from campaigns.demo import post
from campaigns.demo.stream import Kind, stream
from martechops.people.models import Team
from workflows.actions import allowance, sources
from workflows.models import EventConflict, InboundEvent, Mapping, QueuedEvent, Source, System

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nothing_spent() -> Iterator[None]:
    allowance._left.clear()
    yield
    allowance._left.clear()


@pytest.fixture
def source() -> Source:
    return sources.create(key="demo-site", name="Demo web site", by="test", at=timezone.now())


def send(live_server: LiveServer, capsys: pytest.CaptureFixture[str], **options: Any) -> dict[str, Any]:
    call_command("send_demo_events", url=live_server.url, json=True, **options)
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


def test_stream_arrives_once_with_its_times_kept_relative(
    live_server: LiveServer, source: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    told = stream(230, 4)
    summary = send(live_server, capsys, count=230, seed=4)
    assert summary["by_kind"] == {str(kind): sum(message.kind is kind for message in told) for kind in Kind}
    bodies = {message.message_id: message.body for message in told}
    events = list(InboundEvent.objects.order_by("id"))
    assert {event.message_id: event.body for event in events} == bodies
    assert len(events) == summary["message_ids"] == QueuedEvent.objects.count()
    first, last = events[0], events[-1]
    assert (last.received_at - last.occurred_at).total_seconds() < 1
    assert (last.occurred_at - first.occurred_at).total_seconds() > 3_600


def test_same_seed_again_stores_nothing_new(
    live_server: LiveServer, source: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    send(live_server, capsys, count=60, seed=2)
    before = InboundEvent.objects.count()
    send(live_server, capsys, count=60, seed=2)
    assert InboundEvent.objects.count() == before
    assert not EventConflict.objects.exists()


def test_summary_is_a_table_for_people(
    live_server: LiveServer, source: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("send_demo_events", url=live_server.url, count=120, seed=1)
    said = capsys.readouterr().out
    assert "sent 100 of 120" in said
    assert "Sent 120 messages of seed 1:" in said
    assert "people that should be known" in said


def test_busy_server_is_asked_again_with_the_same_ids(
    live_server: LiveServer,
    source: Source,
    capsys: pytest.CaptureFixture[str],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.INGEST_MESSAGES_PER_SECOND = 50
    monkeypatch.setattr(allowance, "BLOCK", 50)
    summary = send(live_server, capsys, count=100, seed=1)
    assert summary["batches_sent_again"] >= 1
    assert InboundEvent.objects.count() == summary["message_ids"]


def test_nobody_there_is_one_clear_sentence(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, "_REACHED_IN", 1)
    with pytest.raises(CommandError, match=r"Nobody answers at .*--url"):
        call_command("send_demo_events", url="http://127.0.0.1:9", count=1)


def test_wrong_key_and_missing_source_are_one_clear_sentence(live_server: LiveServer, source: Source) -> None:
    with pytest.raises(CommandError, match="401: The write key is missing, unknown"):
        call_command("send_demo_events", url=live_server.url, write_key="wrong", count=1)
    with pytest.raises(CommandError, match=r"no source 'other' that is on.*create_source"):
        call_command("send_demo_events", url=live_server.url, source="other", count=1)
    with pytest.raises(CommandError, match="no http address"):
        call_command("send_demo_events", url="ftp://x", count=1)


def test_create_source_prints_the_write_key_alone(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_source", "Web form 2")
    source = Source.objects.get(key="web-form-2")
    assert capsys.readouterr().out == f"{source.write_key}\n"
    assert len(source.write_key) == 32
    with pytest.raises(CommandError, match="already"):
        call_command("create_source", "Web form 2")
    with pytest.raises(CommandError, match="letter or digit"):
        call_command("create_source", " / ")


def test_source_is_made_with_a_mapping_that_exists() -> None:
    owner = Team.objects.create(key="marketing-ops", name="Marketing ops")
    mapping = Mapping.objects.create(key="form-to-contact", name="Form to contact", owner=owner)
    call_command("create_source", "Web form 3", mapping="form-to-contact")
    assert Source.objects.get(key="web-form-3").mapping == mapping
    with pytest.raises(CommandError, match=r"no mapping 'other'; there are: form-to-contact"):
        call_command("create_source", "Web form 4", mapping="other")


def test_source_with_a_mapping_speaks_for_the_one_web_form() -> None:
    """Without a system it would be the authority on nothing, and its fields would stay empty."""
    owner = Team.objects.create(key="marketing-ops", name="Marketing ops")
    Mapping.objects.create(key="form-to-contact", name="Form to contact", owner=owner)
    System.objects.create(key="crm", name="CRM", kind="crm", owner=owner)
    form = System.objects.create(key="web-form", name="Web form", kind="form", owner=owner)
    call_command("create_source", "One", mapping="form-to-contact")
    call_command("create_source", "Two")
    call_command("create_source", "Three", mapping="form-to-contact", system="crm")
    System.objects.create(key="landing", name="Landing page", kind="form", owner=owner)
    call_command("create_source", "Four", mapping="form-to-contact")
    systems = dict(Source.objects.values_list("key", "system__key"))
    assert systems == {"one": form.key, "two": None, "three": "crm", "four": None}
    with pytest.raises(CommandError, match=r"no system 'other'; there are: crm, landing, web-form"):
        call_command("create_source", "Five", system="other")


def test_events_go_to_the_installation_that_runs_in_this_folder(
    live_server: LiveServer, source: Source, tmp_path: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.UP_FILE = tmp_path / "up.json"
    settings.UP_FILE.write_text(json.dumps({"pid": 1, "address": live_server.url}))
    call_command("send_demo_events", json=True, count=5, seed=1)
    assert InboundEvent.objects.exists()
    settings.UP_FILE.write_text(json.dumps({"pid": 1, "address": "http://127.0.0.1:9"}))
    with pytest.raises(CommandError, match=r"Nobody answers at http://127\.0\.0\.1:9"):
        call_command("send_demo_events", json=True, count=5, seed=1)
