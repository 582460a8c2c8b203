"""A held event is sent through again, mended or not, or let go; what was received never changes."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from martechops.audit.models import AuditEntry
from martechops.people.models import Role, User
from martechops.people.permissions import NotAllowed
from workflows.actions import definitions, quarantine
from workflows.actions.quarantine import CannotBeTaken, NotHeld
from workflows.engine import schemas
from workflows.models import Contact, EventType, InboundEvent, QuarantinedEvent, QueuedEvent
from workflows.queries import events
from workflows.runtime.advance import advance

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def sal(demo: object) -> User:
    return User.objects.get(username="sal")


@pytest.fixture
def held(send: Callable[..., str]) -> QuarantinedEvent:
    """Somebody asked for a demo under a misspelled name, with a size that is no number."""
    send("Demo Reqested", email="lea@example.com", form_id="demo", company_size="about fifty")
    advance()
    assert not Contact.objects.exists()
    return QuarantinedEvent.objects.get()


def mended(held: QuarantinedEvent) -> dict[str, object]:
    body = held.event.body
    return body | {"event": "Demo Requested", "properties": body["properties"] | {"company_size": 50}}


def test_mended_event_is_handled_and_what_was_received_stays(held: QuarantinedEvent, sal: User) -> None:
    received = held.event.body
    quarantine.fix_and_replay(event=held, body=mended(held), by=sal, at=NOON)
    advance()
    held.refresh_from_db()
    assert held.state == "replayed"
    assert InboundEvent.objects.get().body == received
    contact = Contact.objects.get(email="lea@example.com")
    assert contact.fields["company_size"] == 50
    entry = AuditEntry.objects.get(action="event.fix")
    assert (entry.actor, entry.object_key) == ("sal", str(held.pk))
    assert entry.detail == {"changed": ["/event", "/properties/company_size"]}
    assert "lea@" not in str(entry.detail)


def test_correction_that_the_catalog_would_hold_again_is_refused_with_the_place(
    held: QuarantinedEvent, sal: User
) -> None:
    with pytest.raises(quarantine.StillFaulty) as refused:
        quarantine.fix_and_replay(event=held, body=held.event.body | {"event": "Demo Requested"}, by=sal, at=NOON)
    assert [path for path, _ in refused.value.faults] == ["/properties/company_size"]
    held.refresh_from_db()
    assert (held.state, held.corrected_body) == ("held", None)
    quarantine.fix_and_replay(event=held, body=mended(held), by=sal, at=NOON)
    advance()
    assert Contact.objects.count() == 1
    assert AuditEntry.objects.filter(action="event.fix").count() == 1


def test_replay_after_the_catalog_learned_the_event(held: QuarantinedEvent, sal: User) -> None:
    kind = EventType.objects.get(name="Demo Requested")
    kind.pk, kind.name, kind.schema = None, "Demo Reqested", {"type": "object"}
    kind.save()
    quarantine.replay(event=held, by=sal, at=NOON)
    advance()
    assert Contact.objects.count() == 1
    assert not QueuedEvent.objects.exists()


def test_replaying_many_takes_those_that_are_still_held(send: Callable[..., str], sal: User) -> None:
    for number in range(3):
        send("Demo Reqested", email=f"lea{number}@example.com")
    advance()
    events = list(QuarantinedEvent.objects.order_by("pk"))
    quarantine.dismiss(event=events[1], by=sal, at=NOON, reason="a test of ours")
    assert quarantine.replay_many(events=events, by=sal, at=NOON) == 2
    assert sorted(QueuedEvent.objects.values_list("event_id", flat=True)) == [events[0].pk, events[2].pk]
    assert AuditEntry.objects.filter(action="event.replay").count() == 2


def test_dismissed_event_is_let_go_with_a_reason(held: QuarantinedEvent, sal: User) -> None:
    with pytest.raises(ValueError, match="Say why"):
        quarantine.dismiss(event=held, by=sal, at=NOON, reason=" ")
    quarantine.dismiss(event=held, by=sal, at=NOON, reason="sent by a crawler")
    held.refresh_from_db()
    assert held.state == "dismissed"
    assert not QueuedEvent.objects.exists()
    assert AuditEntry.objects.get(action="event.dismiss").detail == {"reason": "sent by a crawler"}


def test_what_is_no_longer_held_is_not_sent_again(held: QuarantinedEvent, sal: User) -> None:
    quarantine.replay(event=held, by=sal, at=NOON)
    for again in (
        lambda: quarantine.replay(event=held, by=sal, at=NOON),
        lambda: quarantine.fix_and_replay(event=held, body=mended(held), by=sal, at=NOON),
        lambda: quarantine.dismiss(event=held, by=sal, at=NOON, reason="x"),
    ):
        with pytest.raises(NotHeld, match="replayed already"):
            again()
    assert QueuedEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ([], "must be an object"),
        ({}, "event: the name is missing"),
        ({"event": "Demo Requested"}, "one of them is needed"),
        ({"event": "Demo Requested", "userId": "7", "properties": {"a": "\0"}}, r"U\+0000"),
        ({"event": "Demo Requested", "userId": "7", "properties": {"a": "\ud800"}}, "not JSON"),
        ({"event": "Demo Requested", "userId": "7", "properties": {"a": "x" * 40_000}}, "32 KiB"),
        ({"event": "Demo Requested", "userId": "7", "properties": []}, "properties: must be an object"),
    ],
    ids=repr,
)
def test_correction_that_ingest_would_refuse_is_refused(
    held: QuarantinedEvent, sal: User, body: object, says: str
) -> None:
    with pytest.raises(CannotBeTaken, match=says):
        quarantine.fix_and_replay(event=held, body=body, by=sal, at=NOON)
    held.refresh_from_db()
    assert (held.state, held.corrected_body) == ("held", None)


def test_correction_keeps_the_id_type_and_time_of_the_event(held: QuarantinedEvent, sal: User) -> None:
    forged = mended(held) | {"messageId": "other", "type": "identify", "timestamp": "2020-01-01T00:00:00Z"}
    quarantine.fix_and_replay(event=held, body=forged, by=sal, at=NOON)
    held.refresh_from_db()
    for part in ("messageId", "type", "timestamp"):
        assert held.corrected_body[part] == held.event.body[part]


def test_viewer_may_not_touch_the_quarantine(held: QuarantinedEvent) -> None:
    ida = User.objects.get(username="ida")
    assert Role.OPERATOR not in ida.roles
    for attempt in (
        lambda: quarantine.replay(event=held, by=ida, at=NOON),
        lambda: quarantine.replay_many(events=[held], by=ida, at=NOON),
        lambda: quarantine.fix_and_replay(event=held, body=mended(held), by=ida, at=NOON),
        lambda: quarantine.dismiss(event=held, by=ida, at=NOON, reason="x"),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert not QueuedEvent.objects.exists()


def test_quarantine_is_read_by_kind_of_fault(held: QuarantinedEvent, send: Callable[..., str]) -> None:
    send("Demo Requested", email="max@example.com", colour="red")
    advance()
    by_kind = {kind: [row.event.name for row in events.quarantine(kind=kind).rows] for kind in schemas.KINDS}
    assert {kind: names for kind, names in by_kind.items() if names} == {
        "unplanned": ["Demo Reqested"],
        "missing": ["Demo Requested"],
        "extra": ["Demo Requested"],
    }


def test_schema_that_was_written_past_the_check_holds_its_own_events_only(send: Callable[..., str]) -> None:
    EventType.objects.filter(name="Meeting Booked").update(schema={"$ref": "https://example.com/x.json"})
    send("Meeting Booked", email="lea@example.com")
    send("Unsubscribed", email="max@example.com")
    while advance():
        pass
    assert "cannot be used" in QuarantinedEvent.objects.get().reasons[0]["says"]
    assert Contact.objects.get().email == "max@example.com"


def test_event_type_whose_schema_must_be_fetched_is_refused_on_save(demo: object) -> None:
    kind = EventType.objects.get(name="Meeting Booked")
    kind.schema = {"properties": {"plan": {"$ref": "https://example.com/plan.json"}}}
    with pytest.raises(ValidationError, match="refers to another document"):
        definitions.save(kind, by="test", at=NOON)


def test_draft_event_type_takes_properties_that_it_does_not_list(send: Callable[..., str]) -> None:
    EventType.objects.filter(name="Unsubscribed").update(status="draft")
    send("Unsubscribed", email="max@example.com", reason="too many")
    advance()
    assert not QuarantinedEvent.objects.exists()
