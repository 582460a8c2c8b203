"""What is too old goes at night, in small batches, and nothing that is needed for ever goes with it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from martechops.audit.models import AuditEntry
from martechops.people.models import Role, User
from martechops.people.permissions import NotAllowed
from workflows.actions import inbound, sources
from workflows.actions.retention import keep as keep_for
from workflows.models import (
    Effect,
    EventConflict,
    InboundEvent,
    QuarantinedEvent,
    QueuedEvent,
    RetentionPolicy,
    RetentionRun,
    Source,
    Trace,
    WorkCalendar,
)
from workflows.queries import retention as questions
from workflows.queries import timeline
from workflows.runtime import retention

from .conftest import AT, settle

pytestmark = pytest.mark.django_db
#: Two days after which everything of `AT` is older than seven days, at noon and the night after it.
NOON = AT + timedelta(days=20, hours=3)
NIGHT = (NOON + timedelta(days=1)).replace(hour=2, minute=1)


@pytest.fixture
def site(db: None) -> Source:
    return sources.create(key="site", name="Site", by="tests", at=AT)


def receive(site: Source, numbers: Sequence[int], *, at: datetime, **more: object) -> inbound.Receipt:
    """Page views, one a number, as if handled."""
    messages = [{"type": "page", "messageId": f"m-{n}", "userId": f"u{n}", "properties": more} for n in numbers]
    taken = inbound.receive(source=site, messages=messages, received_at=at, sent_at=None)
    QueuedEvent.objects.all().delete()
    return taken


def at_night(*, at: datetime = NIGHT) -> int:
    """Every batch of the night; how many there were."""
    batches = 0
    while retention.keep(at=at):
        batches += 1
    return batches


def bodies() -> dict[str, bool]:
    return {event.message_id: bool(event.body) for event in InboundEvent.objects.all()}


def test_body_that_is_too_old_goes_and_its_repeat_is_still_recognised(site: Source) -> None:
    receive(site, range(3), at=AT)
    receive(site, [3], at=NOON)
    keep_for(kind="event-bodies", days=7, by="tests", at=NOON)
    at_night()
    assert bodies() == {"m-0": False, "m-1": False, "m-2": False, "m-3": True}
    again = receive(site, range(4), at=NIGHT)
    assert (again.stored, again.repeated, again.conflicts) == (0, 4, 0)
    other = receive(site, [1], at=NIGHT, url="https://example.com")
    assert (other.stored, other.repeated, other.conflicts) == (0, 0, 1)


def test_what_waits_or_is_held_keeps_its_body_however_old(site: Source) -> None:
    receive(site, range(4), at=AT)
    queued, held, settled, _ = InboundEvent.objects.order_by("pk")
    QueuedEvent.objects.create(event_id=queued.pk, lane=0)
    for event, state in ((held, "held"), (settled, "dismissed")):
        QuarantinedEvent.objects.create(
            event=event, kind="violation", reasons=[], state=state, at=AT, corrected_body={"type": "page"}
        )
    for kind in ("event-bodies", "corrections"):
        keep_for(kind=kind, days=7, by="tests", at=NOON)
    at_night()
    assert bodies() == {"m-0": True, "m-1": True, "m-2": False, "m-3": False}
    kept = dict(QuarantinedEvent.objects.values_list("state", "corrected_body"))
    assert kept == {"held": {"type": "page"}, "dismissed": None}
    QueuedEvent.objects.all().delete()
    first_of_month = datetime(2026, 12, 1, 2, 1, tzinfo=UTC)
    at_night(at=first_of_month)
    assert bodies()["m-0"] is False, "once a month everything is looked at again"


def test_night_that_is_cut_off_goes_on_where_it_was(site: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 10)
    for hour in range(5):
        receive(site, range(hour * 9, hour * 9 + 9), at=AT + timedelta(hours=hour))
    receive(site, range(100, 140), at=AT + timedelta(hours=6))
    keep_for(kind="event-bodies", days=7, by="tests", at=NOON)
    assert retention.keep(at=NIGHT)
    some = sum(not there for there in bodies().values())
    assert 0 < some < 30
    with monkeypatch.context() as broken:
        broken.setattr(retention, "_statement", None)
        with pytest.raises(TypeError):
            retention.keep(at=NIGHT)
    assert sum(not there for there in bodies().values()) == some
    at_night()
    assert not any(bodies().values())
    run = RetentionRun.objects.get()
    assert (run.removed, run.night, run.ended_at) == ({"event-bodies": 85}, NIGHT.date(), NIGHT)


def test_a_night_has_one_run_and_it_stands_in_the_audit_log(site: Source) -> None:
    receive(site, range(2), at=AT)
    assert at_night(at=NOON) == 0, "without a policy there is nothing to do"
    keep_for(kind="event-bodies", days=7, by="tests", at=NOON)
    assert at_night(at=NOON + timedelta(hours=1)) == 0, "what is chosen by day goes by night"
    assert questions.next_run(at=NOON) == NIGHT.replace(minute=0)
    assert at_night() > 0
    assert at_night(at=NIGHT + timedelta(hours=5)) == 0
    entries = AuditEntry.objects.filter(action__startswith="retention.").order_by("pk")
    assert [(entry.action, entry.detail) for entry in entries] == [
        ("retention.keep", {"from_days": None, "to_days": 7}),
        ("retention.run", {"removed": {"event-bodies": 2}}),
    ]
    assert at_night(at=NIGHT + timedelta(days=1)) > 0


def test_night_is_that_of_the_working_calendar(site: Source) -> None:
    from martechops.people.models import Team

    WorkCalendar.objects.create(timezone="America/New_York", owner=Team.objects.create(key="ops", name="Ops"))
    assert questions.last_night(at=NOON) == datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


def test_content_of_an_effect_goes_and_what_it_explains_stays(request_demo, site: Source) -> None:
    request_demo()
    settle()
    Effect.objects.update(planned_at=AT)
    InboundEvent.objects.update(received_at=AT)
    contact_id = Effect.objects.exclude(contact_id=None).first().contact_id
    before = [trace.detail for trace in timeline.of_contact(contact_id).traces]
    for kind in questions.KINDS:
        keep_for(kind=kind, days=7, by="tests", at=NOON)
    at_night()
    done = Effect.objects.filter(state="done", kind="send_message").first()
    assert "content" not in done.outcome
    assert done.outcome["receipt"]
    told = timeline.of_contact(contact_id)
    assert [trace.detail for trace in told.traces] == before
    assert {event.name for event in told.events.values()} >= {"Demo Requested"}
    assert not {Trace._meta.db_table, Effect._meta.db_table} & {k.table for k in questions.KINDS.values() if not k.set}


def test_conflicts_that_are_too_old_are_deleted(site: Source) -> None:
    for at in (AT, NOON):
        EventConflict.objects.create(event_id=1, received_at=at, body={})
    keep_for(kind="conflicts", days=7, by="tests", at=NOON)
    at_night()
    assert EventConflict.objects.get().received_at == NOON


def test_command_counts_or_removes_at_once(site: Source) -> None:
    receive(site, range(3), at=timezone.now() - timedelta(days=30))
    said = StringIO()
    call_command("apply_retention", stdout=said, stderr=said)
    assert "kept for ever" in said.getvalue()
    keep_for(kind="event-bodies", days=20, by="tests", at=timezone.now())
    call_command("apply_retention", "--dry-run", stdout=said)
    assert all(bodies().values())
    call_command("apply_retention", stdout=said)
    assert not any(bodies().values())
    assert "3 older than 20 days" in said.getvalue()
    assert "Bodies of events: 3 removed" in said.getvalue()


@pytest.mark.parametrize(("kind", "days"), [("event-bodies", 6), ("event-bodies", 40_000), ("nonsense", 30)])
def test_policy_that_cannot_be_is_refused(db: None, kind: str, days: int) -> None:
    with pytest.raises(ValidationError):
        keep_for(kind=kind, days=days, by="tests", at=AT)
    assert not RetentionPolicy.objects.exists()


def test_only_an_admin_says_how_long(db: None) -> None:
    operator = User.objects.create(username="op", roles=[Role.OPERATOR])
    with pytest.raises(NotAllowed):
        keep_for(kind="event-bodies", days=30, by=operator, at=AT)


def test_page_counts_before_a_shorter_policy_is_saved_and_saves_a_longer_one_at_once(
    client: Client, site: Source
) -> None:
    client.force_login(User.objects.create(username="admin", roles=[Role.ADMIN]))
    receive(site, range(3), at=timezone.now() - timedelta(days=100))
    asked = client.post("/retention/event-bodies/", {"keep": "90"}).content.decode()
    assert "The next night removes <strong>3</strong>" in asked
    assert not RetentionPolicy.objects.exists()
    bad = client.post("/retention/event-bodies/", {"keep": "other", "other": "3"})
    assert (bad.status_code, "greater than or equal to 7" in bad.content.decode()) == (400, True)
    client.post("/retention/event-bodies/", {"keep": "90", "confirmed": "1"})
    assert RetentionPolicy.objects.get().keep_days == 90
    client.post("/retention/event-bodies/", {"keep": "other", "other": "120"})
    assert RetentionPolicy.objects.get().keep_days == 120
    page = client.get("/retention/").content.decode()
    assert "120 days" in page
    assert 'value="120"' in client.get("/retention/event-bodies/").content.decode()
