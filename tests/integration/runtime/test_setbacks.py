"""Work that fails: one bad item never holds up another contact, and is given up visibly (FAULTS F10)."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import pytest

from workflows.actions import inbound, quarantine, sources
from workflows.engine import identity
from workflows.engine.parse import BadSpec
from workflows.models import Contact, Effect, Mapping, QuarantinedEvent, QueuedEvent, Source, Timer
from workflows.queries import live
from workflows.runtime import advance as advancing
from workflows.runtime import definitions, handle
from workflows.runtime.advance import CannotDefine, advance

from .conftest import AT, nurture_runs, settle

Send = Callable[..., str]


def identify(source: Source, message_id: str, **traits: Any) -> None:
    """Receive what a web page says of Lea."""
    message = {"type": "identify", "messageId": message_id, "userId": "lea@example.com", "traits": traits}
    inbound.receive(source=source, messages=[message], received_at=datetime.now(UTC), sent_at=None)


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is called Boris makes the handling fail."""
    honest_event, honest_timer = handle.event, handle.timer

    def event(claimed: Any, *rest: Any, **more: Any) -> None:
        if claimed.body["properties"].get("first_name") == "Boris":
            raise ZeroDivisionError
        honest_event(claimed, *rest, **more)

    def timer(claimed: Any, subject: Any, **more: Any) -> None:
        if subject.email == "boris@example.com":
            raise ZeroDivisionError
        honest_timer(claimed, subject, **more)

    monkeypatch.setattr(advancing.handle, "event", event)
    monkeypatch.setattr(advancing.handle, "timer", timer)


def test_event_that_fails_five_times_is_a_dead_letter_and_the_others_are_handled(
    poison: None, request_demo: Send
) -> None:
    for n in range(5):
        request_demo(f"a{n}@example.com")
    request_demo("boris@example.com", first_name="Boris")
    for n in range(5):
        request_demo(f"b{n}@example.com")
    while advance():
        pass
    assert Contact.objects.count() == 10
    letter = QuarantinedEvent.objects.get()
    assert (letter.kind, letter.state) == ("dead_letter", "held")
    assert letter.reasons[0]["says"] == "ZeroDivisionError in each of 5 tries"
    assert not QueuedEvent.objects.exists()


def test_timer_that_fails_five_times_fails_its_run_and_the_others_go_on(poison: None, request_demo: Send) -> None:
    request_demo("ana@example.com")
    request_demo("boris@example.com", first_name="Bo")
    while advance():
        pass
    while advance(at=datetime.now(UTC) + timedelta(days=3)):
        pass
    states = {contact.email: nurture_runs().get(contact_id=contact.pk).state for contact in Contact.objects.all()}
    assert states == {"ana@example.com": "done", "boris@example.com": "failed"}
    assert not Timer.objects.exists()


def test_event_that_the_catalog_does_not_know_is_held_with_the_place(send: Send) -> None:
    send("Demo Reqested", email="lea@example.com")
    send("Demo Requested", email="lea@example.com", company_size="many")
    while advance():
        pass
    reasons = {
        q.event.name: [(r["kind"], r["path"]) for r in q.reasons]
        for q in QuarantinedEvent.objects.select_related("event")
    }
    assert reasons == {
        "Demo Reqested": [("unplanned", "/event")],
        "Demo Requested": [("type", "/properties/company_size"), ("missing", "/properties/form_id")],
    }
    assert not Contact.objects.exists()


def test_value_too_long_for_an_index_harms_nobody_else(demo: Source, request_demo: Send, monkeypatch: Any) -> None:
    monkeypatch.setattr(identity, "LONGEST_EMAIL", 40_000)
    identify(demo, "too-long", email=f"{secrets.token_hex(10_000)}@example.com")
    request_demo("ana@example.com")
    while advance():
        pass
    assert [contact.email for contact in Contact.objects.all()] == ["ana@example.com"]
    assert QuarantinedEvent.objects.get().kind == "dead_letter"


@pytest.mark.parametrize(
    "odd",
    [
        {"company_size": "9" * 30},
        {"company_size": "1e300"},
        {"company_size": 1e300},
        {"company_size": "nan"},
        {"utm_campaign": secrets.token_hex(10_000), "company_size": 300},
        {"email": f"{secrets.token_hex(10_000)}@example.com"},
        {"first_name": secrets.token_hex(10_000)},
    ],
    ids=["many digits", "text past jsonb", "number past jsonb", "nan", "long campaign", "long address", "long name"],
)
def test_odd_value_is_no_dead_letter(demo: Source, request_demo: Send, odd: dict[str, Any]) -> None:
    for n in range(2):
        identify(demo, f"odd-{n}", **{"email": "lea@example.com"} | odd)
    request_demo(**{key: value for key, value in odd.items() if key == "utm_campaign"})
    settle()
    settle(at=datetime.now(UTC) + timedelta(days=3))
    assert not QuarantinedEvent.objects.exists()
    assert not QueuedEvent.objects.exists()
    assert Effect.objects.filter(state="done", kind="send_message").exists()


def test_mapping_that_cannot_be_used_holds_the_events_of_its_source_and_no_others(
    demo: Source, request_demo: Send
) -> None:
    request_demo("ana@example.com")
    other = sources.create(key="other", name="Other", by="test", at=AT)
    inbound.receive(
        source=other,
        messages=[{"type": "identify", "messageId": "o-1", "userId": "7", "traits": {"email": "cy@example.com"}}],
        received_at=datetime.now(UTC),
        sent_at=None,
    )
    rows = Mapping.objects.get(key="web-form-to-contact").rows
    Mapping.objects.filter(key="web-form-to-contact").update(rows=["nonsense"])
    settle()
    held = QuarantinedEvent.objects.get()
    assert "cannot be used: web-form-to-contact, row 1: must be a row" in held.reasons[0]["says"]
    assert Contact.objects.get().email == "cy@example.com"
    Mapping.objects.filter(key="web-form-to-contact").update(rows=rows)
    quarantine.replay(event=held, by="test", at=AT)
    settle()
    assert Effect.objects.get(step="welcome").state == "done"


def test_mapping_of_a_step_that_cannot_be_used_fails_its_run_visibly(request_demo: Send) -> None:
    Mapping.objects.filter(key="demo-form-to-crm").update(rows=["nonsense"])
    request_demo("ana@example.com")
    settle()
    run = nurture_runs().get()
    assert (run.state, run.reason) == (
        "failed",
        "step upsert-contact cannot be done: there is no mapping demo-form-to-crm that can be used",
    )
    assert not QuarantinedEvent.objects.exists()


def test_live_version_that_no_longer_parses_holds_its_events(
    request_demo: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(content: object, **_segments: object) -> NoReturn:
        raise BadSpec([("steps[0]", "is too old")])

    monkeypatch.setattr(live, "_PARSED", {})
    monkeypatch.setattr(live, "parse", refuse)
    request_demo("ana@example.com")
    settle()
    assert "v1: steps[0]: is too old" in QuarantinedEvent.objects.get().reasons[0]["says"]


def test_definitions_that_cannot_be_read_make_events_wait_and_cost_them_no_try(
    request_demo: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_demo("ana@example.com")
    with monkeypatch.context() as broken:
        broken.setattr(definitions.scores, "compiled", dict.popitem)
        for _ in range(7):
            with pytest.raises(CannotDefine):
                advance()
    assert QueuedEvent.objects.get().tries == 0
    settle()
    assert Effect.objects.get(step="welcome").state == "done"


@pytest.mark.parametrize("target", ["score", "lifecycle_stage"])
def test_mapping_that_aims_at_a_column_makes_no_dead_letter(demo: Source, request_demo: Send, target: str) -> None:
    mapping = Mapping.objects.get(key="web-form-to-contact")
    mapping.rows = [*mapping.rows, {"from": "event.properties.job_title", "to": target}]
    mapping.save()
    request_demo("ana@example.com", job_title="Head of Growth")
    settle()
    assert not QuarantinedEvent.objects.exists()
    assert Contact.objects.get().email == "ana@example.com"
