"""Effects: reserved before they are done, and every way in which a far side can answer (DESIGN, idea 4)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import F

from martechops.sandbox.models import MailboxMessage
from workflows.connectors import CONNECTORS
from workflows.connectors.base import Connector, Receipt, Refused, Request, TryLater, Unknown
from workflows.models import Effect, System
from workflows.runtime import deliver as delivery
from workflows.runtime import effects, links, render, settle, sweep
from workflows.runtime.advance import advance
from workflows.runtime.calls import Turn
from workflows.runtime.deliver import deliver

Send = Callable[..., str]


class FarSide(Connector):
    """Answers as it is told, and counts."""

    kinds = frozenset({"send_message"})
    local = True

    def __init__(self, effect_class: str, answer: Exception | None = None) -> None:
        self.effect_class = effect_class
        self.answer = answer
        self.calls: list[Request] = []

    def perform(self, request: Request) -> Receipt:
        self.calls.append(request)
        if self.answer:
            raise self.answer
        return Receipt("taken", {})


@pytest.fixture
def far_side(monkeypatch: pytest.MonkeyPatch, request_demo: Send) -> Callable[..., FarSide]:
    """The e-mail system answered by a far side of the test's own, with one welcome message planned."""

    def far_side(effect_class: str, answer: Exception | None = None) -> FarSide:
        side = FarSide(effect_class, answer)
        monkeypatch.setitem(CONNECTORS, "sandbox_mailbox", side)
        request_demo()
        advance()
        return side

    return far_side


def welcome() -> Effect:
    return Effect.objects.get(step="welcome")


@pytest.mark.parametrize(
    ("effect_class", "answer", "state", "reason"),
    [
        ("B", None, "done", ""),
        ("B", Refused("no such mailbox"), "failed", "no such mailbox"),
        ("B", TryLater("busy"), "planned", "busy"),
        ("A", Unknown("cut off"), "planned", "cut off"),
        ("B", Unknown("cut off"), "planned", "cut off"),
        ("C", Unknown("cut off"), "uncertain", "cut off"),
        ("B", ZeroDivisionError(), "planned", "the connector failed: ZeroDivisionError"),
        ("C", ZeroDivisionError(), "uncertain", "the connector failed: ZeroDivisionError"),
        ("B", OperationalError("gone"), "planned", "the database was away"),
        ("C", OperationalError("gone"), "uncertain", "the database was away"),
    ],
)
def test_answer_of_the_far_side_becomes_a_state(
    far_side: Callable[..., FarSide], effect_class: str, answer: Exception | None, state: str, reason: str
) -> None:
    side = far_side(effect_class, answer)
    deliver()
    effect = welcome()
    assert (effect.state, effect.reason, len(side.calls)) == (state, reason, 1)
    assert side.calls[0].key == effect.key


def test_database_that_goes_away_amid_a_call_inside_is_held_against_no_connection(
    far_side: Callable[..., FarSide],
) -> None:
    side = far_side("B", OperationalError("gone"))
    for _ in range(links.BREAKS_AFTER + 1):
        deliver()
    side.answer = None
    deliver()
    assert (welcome().state, len(side.calls)) == ("done", links.BREAKS_AFTER + 2)


def test_no_call_before_the_instant_that_the_far_side_allows(far_side: Callable[..., FarSide]) -> None:
    side = far_side("B", TryLater("busy", after_seconds=600))
    deliver()
    deliver()
    assert len(side.calls) == 1
    assert welcome().not_before > delivery.database_now() + timedelta(seconds=590)


def test_after_eight_tries_an_effect_has_failed(far_side: Callable[..., FarSide]) -> None:
    far_side("B", TryLater("busy"))
    Effect.objects.filter(step="welcome").update(tries=settle.MOST_TRIES - 1)
    deliver()
    assert (welcome().state, welcome().reason) == ("failed", "busy (after 8 tries)")


@pytest.mark.parametrize(("effect_class", "state"), [("A", "planned"), ("B", "planned"), ("C", "uncertain")])
def test_reservation_of_a_worker_that_is_gone_is_freed_by_its_class(
    far_side: Callable[..., FarSide], monkeypatch: pytest.MonkeyPatch, effect_class: str, state: str
) -> None:
    far_side(effect_class)
    _die_between_reserve_and_record(monkeypatch)
    assert welcome().state == "reserved"
    _say_that_the_holder_is_gone()
    sweep.sweep()
    assert welcome().state == state


def test_reservation_of_a_living_worker_is_left_alone(
    far_side: Callable[..., FarSide], monkeypatch: pytest.MonkeyPatch
) -> None:
    far_side("B")
    _die_between_reserve_and_record(monkeypatch)
    # In this test one transaction is one instant, and the session began before it.
    sweep.sweep()
    assert welcome().state == "reserved"


def test_worker_that_wakes_up_late_changes_nothing(
    far_side: Callable[..., FarSide], monkeypatch: pytest.MonkeyPatch
) -> None:
    far_side("B")
    recorded = _die_between_reserve_and_record(monkeypatch)
    _say_that_the_holder_is_gone()
    sweep.sweep()
    before = Effect.objects.filter(step="welcome").values().get()
    recorded()
    assert Effect.objects.filter(step="welcome").values().get() == before


def test_late_answer_of_the_one_who_knows_ends_the_doubt_unless_somebody_has_decided(
    far_side: Callable[..., FarSide], monkeypatch: pytest.MonkeyPatch
) -> None:
    far_side("C")
    recorded = _die_between_reserve_and_record(monkeypatch)
    _say_that_the_holder_is_gone()
    sweep.sweep()
    Effect.objects.filter(step="welcome").update(state="planned", fence=F("fence") + 1)
    recorded()
    assert welcome().state == "planned", "somebody had it sent again, and that stands"
    Effect.objects.filter(step="welcome").update(state="uncertain", fence=F("fence") - 1)
    recorded()
    assert welcome().state == "done"


def test_paused_system_holds_its_effects_and_lets_the_others_go(far_side: Callable[..., FarSide]) -> None:
    side = far_side("B")
    System.objects.filter(key="email").update(paused=True)
    while deliver():
        pass
    assert (welcome().state, side.calls) == ("planned", [])
    assert Effect.objects.get(step="upsert-contact").state == "done"
    System.objects.filter(key="email").update(paused=False)
    deliver()
    assert welcome().state == "done"


def test_effects_of_a_contact_at_one_system_keep_their_order(request_demo: Send) -> None:
    request_demo()
    advance()
    order = ["upsert-contact", "qualify", "update-record"]
    for done, step in enumerate(order, start=1):
        deliver()
        assert Effect.objects.get(step=step).state == "done"
        planned = Effect.objects.filter(system="crm", state="planned").order_by("id")
        assert list(planned.values_list("step", flat=True)) == order[done:]


@pytest.mark.requirement("D8")
def test_far_side_that_honours_the_key_keeps_one_message_of_two_attempts(
    request_demo: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_demo()
    advance()
    _die_between_reserve_and_record(monkeypatch, act=True)
    _say_that_the_holder_is_gone()
    sweep.sweep()
    monkeypatch.undo()
    while deliver():
        pass
    message = MailboxMessage.objects.get()
    assert (message.repeats, welcome().state, welcome().tries) == (1, "done", 2)


def _die_between_reserve_and_record(monkeypatch: pytest.MonkeyPatch, *, act: bool = False) -> Callable[[], None]:
    """Deliver up to the point before the record; returns what would have recorded it."""
    kept: list[list[settle.Called]] = []
    monkeypatch.setattr(settle, "record", lambda system, called, *, at: kept.append(list(called)))
    if not act:
        monkeypatch.setattr(Turn, "called", lambda turn: settle.done(turn.effect, Receipt("done", {})))
    deliver()
    return lambda: effects.write([one.settled for called in kept for one in called])


def _say_that_the_holder_is_gone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE workflows_effect SET holder = 0 WHERE state = 'reserved'")


def test_effect_that_cannot_be_made_ready_fails_alone(request_demo: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ana", "boris", "cy"):
        request_demo(f"{name}@example.com")
    advance()
    honest = render.content

    def content(effect: effects.Claimed, *rest: Any, **named: Any) -> dict[str, Any]:
        if effect.payload.get("to") == "boris@example.com":
            raise ZeroDivisionError
        return honest(effect, *rest, **named)

    monkeypatch.setattr(render, "content", content)
    while deliver():
        pass
    states = {effect.payload["to"]: (effect.state, effect.reason) for effect in Effect.objects.filter(step="welcome")}
    assert states == {
        "ana@example.com": ("done", ""),
        "boris@example.com": ("failed", "cannot be made ready: ZeroDivisionError"),
        "cy@example.com": ("done", ""),
    }


def test_task_once_per_contact_is_withheld_the_second_time_and_holds_up_nobody(request_demo: Send) -> None:
    request_demo("ana@example.com")
    advance()
    Effect.objects.filter(step__in=["upsert-contact", "qualify"]).update(once_key="once/contact:1")
    while deliver():
        pass
    states = Effect.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == ["done", "suppressed", "done", "done"]
