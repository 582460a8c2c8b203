"""What is rehearsed is what runs: the same story, played in memory and lived, comes to the same effects."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from workflows.models import Contact, Effect, FieldChange, InboundEvent, Run, Source
from workflows.rehearsal.rehearsal import Answer, Rehearsal
from workflows.runtime import definitions
from workflows.runtime.claim import ClaimedEvent

from .conftest import AT, settle

LEA = {
    "email": "lea@example.com",
    "form_id": "demo",
    "first_name": "Lea",
    "last_name": "Marsh",
    "company": "Brightwater",
    "company_size": 300,
    "marketing_consent": True,
}


def received() -> list[ClaimedEvent]:
    """What came in, as a rehearsal hears of it."""
    return [
        ClaimedEvent(row.pk, row.source_id or 0, row.type, row.name, row.message_id, row.occurred_at, row.body)
        for row in InboundEvent.objects.exclude(type="internal").order_by("pk")
    ]


def lived() -> list[tuple[str, str, str]]:
    return sorted(Effect.objects.values_list("step", "kind", "state"))


def rehearsed(world: Rehearsal) -> list[tuple[str, str, str]]:
    return sorted((effect.step, effect.kind, effect.state) for effect in world.played.effects.values())


@pytest.mark.requirement("G6")
def test_rehearsed_story_has_the_effects_fields_and_runs_of_the_lived_one(
    request_demo: Callable[..., Any], send: Callable[..., Any]
) -> None:
    request_demo("lea@example.com")
    request_demo("lea@example.com")
    request_demo("max@example.com", marketing_consent=None)
    settle()
    send("Meeting Booked", email="lea@example.com")
    settle()

    world = Rehearsal(definitions.load(), at=AT)
    for event in received():
        world.happen(event)
    world.play(until=max(event.occurred_at for event in received()) + timedelta(minutes=1))

    assert lived() == rehearsed(world)
    assert len(lived()) > 4
    fields = {(c.contact_id, c.field, c.new) for c in FieldChange.objects.exclude(field="score")}
    met = {person.email: person.id for person in world.people.values()}
    known = dict(Contact.objects.values_list("pk", "email"))
    assert {(met[known[contact]], name, str(new)) for contact, name, new in fields} == {
        (change.subject.id, change.field, str(change.new)) for change in world.played.changes if change.field != "score"
    }
    assert sorted(Run.objects.values_list("state", "step")) == sorted(
        (run.state, run.step) for run in world.played.runs.values()
    )


def test_nothing_is_asked_of_the_database_while_it_is_played(demo: Source) -> None:
    world = Rehearsal(definitions.load(), at=AT)
    world.track("Demo Requested", at=AT, source_id=demo.pk, **LEA)
    with CaptureQueriesContext(connection) as asked:
        played = world.play()
    assert len(asked) == 0
    assert [effect.state for effect in played.of("demo-request-nurture", "welcome")] == ["done"]


def test_timers_of_a_story_ring_by_its_own_clock(demo: Source) -> None:
    world = Rehearsal(definitions.load(), at=AT)
    world.track("Demo Requested", at=AT, source_id=demo.pk, **LEA)
    world.play(until=AT + timedelta(days=1))
    assert not list(world.played.of("demo-request-nurture", "assign-owner"))
    world.play(until=AT + timedelta(days=3))
    (task,) = world.played.of("demo-request-nurture", "assign-owner")
    assert (task.state, task.at) == ("done", AT + timedelta(days=2))


def test_people_answer_what_runs_ask(demo: Source) -> None:
    world = Rehearsal(definitions.load(), at=AT)
    event = {"email": "lea@example.com", "first_name": "Lea", "country": "DE"}
    world.track("Quote Requested", at=AT, source_id=demo.pk, **event)
    world.answer(
        Answer("quote-request-routing", "owner", "accepted", by="jonas"),
        at=AT + timedelta(hours=1),
    )
    world.play()
    (task,) = world.played.of("quote-request-routing", "next-step")
    assert task.state == "done"
    assert [(step, whom) for _, step, whom in world.played.asked] == [("owner", "jonas")]


def test_event_that_the_catalog_refuses_is_held_in_the_story_too(demo: Source) -> None:
    world = Rehearsal(definitions.load(), at=AT)
    world.track("Demo Reqested", at=AT, source_id=demo.pk, **LEA)
    assert [violation.reasons[0].kind for violation in world.play().held] == ["unplanned"]


def test_withdrawn_consent_withholds_what_was_only_planned(demo: Source) -> None:
    """The window opens after the withdrawal: the guard is asked once more when the message is due."""
    world = Rehearsal(definitions.load(), at=AT)
    world.track("Demo Requested", at=AT, source_id=demo.pk, **LEA)
    world.track("Unsubscribed", at=AT, source_id=demo.pk, email="lea@example.com")
    (welcome,) = world.play().of("demo-request-nurture", "welcome")
    assert welcome.state == "suppressed"
    assert "consent for email is denied" in welcome.reason
