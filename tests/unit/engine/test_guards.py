"""Guards: each verdict with its reason, in tables of cases; the same function decides and reserves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from workflows.engine import guards
from workflows.engine.durations import parse as span
from workflows.engine.snapshot import Sent
from workflows.engine.spec import Limit

from .stories import AT, CATALOG, act, enter, step, workflow

DAY = timedelta(days=1)
SPACE = UUID(int=0)


def message(workflow_priority: int = 50, **guard: Any) -> Any:
    """A workflow `w` that sends one message under these guards."""
    return workflow(act("welcome", "send_message", template="welcome", guards=guard), priority=workflow_priority)


def refusal(spec: Any, contact: dict[str, Any], **more: Any) -> str | None:
    return enter(spec, contact, **more).effects[0].refusal


@pytest.mark.requirement("D4")
@pytest.mark.parametrize(
    ("valid", "contact", "why"),
    [
        ("email", {}, None),
        ("email", {"email": "lea@example"}, "contact.email is not valid"),
        ("email", {"email": "lea@-example.com"}, "contact.email is not valid"),
        ("email", {"email": "lea..x@example.com"}, "contact.email is not valid"),
        ("email", {"email": None}, "contact.email is missing"),
        ("stage", {"lifecycle_stage": "mql"}, None),
        ("stage", {"lifecycle_stage": "hero"}, "hero is no lifecycle stage"),
        ("stage", {}, "contact.lifecycle_stage is missing"),
        ("crm_id", {"crm_id": "003-17"}, None),
        ("crm_id", {"crm_id": "two words"}, "two words is no id of the CRM"),
        ("crm_id", {}, "contact.crm_id is missing: the CRM does not know the contact yet"),
    ],
)
def test_validity(valid: str, contact: dict[str, Any], why: str | None) -> None:
    found = refusal(message(valid=[valid]), contact)
    assert found is None if why is None else found and why in found


NEWS = {"channel": "email", "purpose": "news"}


@pytest.mark.requirement("D4")
@pytest.mark.parametrize(
    ("contact", "why"),
    [
        ({"consent": {"email": "granted"}, "purposes": {"email": {"news": "granted"}}}, None),
        ({"purposes": {"email": {"news": "granted"}}}, None),
        ({"consent": {"email": "granted"}}, "consent for email for news was never given"),
        ({"consent": {"email": "granted"}, "purposes": {"email": {"news": "denied"}}}, "is denied"),
        # Who wants no mail at all wants no news.
        ({"consent": {"email": "denied"}, "purposes": {"email": {"news": "granted"}}}, "is denied"),
        ({"consent": {"email": "granted"}, "purposes": {"chat": {"news": "granted"}}}, "was never given"),
    ],
)
def test_consent_for_a_purpose(contact: dict[str, Any], why: str | None) -> None:
    found = refusal(message(consent=NEWS), contact)
    assert found is None if why is None else found and why in found


@pytest.mark.requirement("D4")
@pytest.mark.parametrize("place", ["email", "*"])
def test_suppression_beats_all_consent(place: str) -> None:
    contact = {"consent": {"email": "granted"}}
    assert refusal(message(consent="email"), contact) is None
    why = refusal(message(consent="email"), contact, suppressed={place: "complained on 2026-11-01"})
    assert why == "nothing may be sent by email: complained on 2026-11-01"
    assert refusal(message(), {}, suppressed={"chat": "left the room"}) is None


@pytest.mark.parametrize(
    ("only_to", "is_sent"),
    [(None, True), ({"lea@example.com"}, True), ({"@example.com"}, True), ({"ben@example.com"}, False), (set(), False)],
)
def test_test_reaches_nobody_but_those_in_it(only_to: set[str] | None, is_sent: bool) -> None:
    catalog = replace(CATALOG, only_to=None if only_to is None else frozenset(only_to))
    assert (refusal(message(), {}, catalog=catalog) is None) is is_sent


@pytest.mark.requirement("D6")
@pytest.mark.parametrize(("days_ago", "is_sent"), [(29, False), (31, True)])
def test_once_in_a_span_looks_back_over_all_entries(days_ago: int, is_sent: bool) -> None:
    spec = message(once_per={"per": "30 days"})
    earlier = Sent("email", AT - days_ago * DAY, once_key="w/welcome/contact:7@contact:7#0")
    assert (refusal(spec, {}, sent=(earlier,)) is None) is is_sent
    assert enter(spec, {}).effects[0].once_key == "w/welcome/contact:7@contact:7#1"
    other = Sent("email", AT - DAY, once_key="w/welcome/contact:77@contact:77#0")
    assert refusal(spec, {}, sent=(other,)) is None


def sent(number: int, *, priority: int = 50, planned: bool = False, workflow: str = "other", days_ago: int = 1) -> Sent:
    return Sent(
        "email",
        AT - days_ago * DAY,
        key=uuid5(SPACE, str(number)),
        planned=planned,
        workflow=workflow,
        priority=priority,
    )


CAP = {"limit": {"at_most": 2, "per": "7 days"}}


@pytest.mark.requirement("D3")
@pytest.mark.parametrize(
    ("before", "gone", "why"),
    [
        ((sent(1),), [], None),
        ((sent(1), sent(2)), [], "2 of at most 2 messages by email in 7 days: other (priority 50)"),
        # What has left cannot be called back, however unimportant it was.
        ((sent(1, priority=10), sent(2, priority=10)), [], "2 of at most 2"),
        # One that waits to be sent gives way to a more important one, the least important first ...
        ((sent(1, priority=30, planned=True), sent(2, priority=20, planned=True)), [2], None),
        # ... of equal ones the later, and never to one that is as important.
        ((sent(1, priority=30, planned=True, days_ago=2), sent(2, priority=30, planned=True)), [2], None),
        ((sent(1, priority=50, planned=True), sent(2)), [], "2 of at most 2"),
        # A cap that is overfull needs room for itself too.
        ((sent(1, priority=9, planned=True), sent(2, priority=9, planned=True), sent(3)), [1, 2], None),
        ((sent(1, priority=9, planned=True), sent(2), sent(3)), [], "3 of at most 2"),
    ],
)
def test_cap_has_room_for_the_more_important_message(
    before: tuple[Sent, ...], gone: list[int], why: str | None
) -> None:
    decision = enter(message(50, **CAP), {}, sent=before)
    found = decision.effects[0].refusal
    assert found is None if why is None else found and why in found
    assert {one.key for one in decision.displaced} == {uuid5(SPACE, str(number)) for number in gone}
    for one in decision.displaced:
        assert one.because.startswith("gave way to w (priority 50): ")


def test_loser_of_a_cap_is_named_in_the_trace_of_the_winner() -> None:
    decision = enter(message(50, **CAP), {}, sent=(sent(1, priority=9, planned=True, workflow="news"), sent(2)))
    verdict = step(decision, "welcome").guards[-1]
    assert verdict.says == "2 of at most 2 messages by email in 7 days; takes the place of news (priority 9)"


def test_message_withheld_for_another_reason_displaces_nobody() -> None:
    before = (sent(1, priority=9, planned=True), sent(2))
    decision = enter(message(50, consent="email", **CAP), {}, sent=before)
    assert (decision.displaced, decision.effects[0].refusal) == ((), "consent for email was never given")


OFFICE = {"window": {"days": "mon-fri", "from": "09:00", "to": "18:00", "timezone": "contact"}}


@pytest.mark.requirement("D3")
@pytest.mark.parametrize(
    ("zone", "opens"),
    [
        (None, None),  # Friday, three in the afternoon, by the workspace's clock: UTC
        ("Europe/Berlin", None),
        ("Asia/Tokyo", "2026-11-23T00:00"),  # midnight there: Monday at nine
        ("America/Los_Angeles", "2026-11-20T17:00"),  # seven in the morning: the same day at nine
        ("Mars/Base", None),  # not known, so the workspace's
    ],
)
def test_message_outside_its_window_is_held_until_it_opens_and_not_lost(zone: str | None, opens: str | None) -> None:
    decision = enter(message(**OFFICE), {"timezone": zone})
    effect = decision.effects[0]
    wanted = datetime.fromisoformat(opens).replace(tzinfo=UTC) if opens else None
    assert (effect.refusal, effect.not_before) == (None, wanted)
    assert step(decision, "welcome").outcome == ("held" if opens else "done")
    verdicts = step(decision, "welcome").guards
    assert guards.held_until(verdicts) == wanted


def test_quiet_hours_over_midnight_are_a_window_too() -> None:
    night = {"window": {"from": "22:00", "to": "06:00", "timezone": "UTC"}}
    assert enter(message(**night), {}).effects[0].not_before == datetime(2026, 11, 20, 22, tzinfo=UTC)
    assert enter(message(**night), {}, at=AT.replace(hour=23)).effects[0].not_before is None
    assert enter(message(**night), {}, at=AT.replace(hour=5)).effects[0].not_before is None


@pytest.mark.requirement("D2")
@pytest.mark.parametrize(("approval", "team"), [(True, "ops"), ("email-team", "email-team"), (False, None)])
def test_effect_waits_for_a_person_to_let_it_go(approval: bool | str, team: str | None) -> None:
    decision = enter(message(approval=approval), {})
    assert decision.effects[0].hold_for == team
    assert step(decision, "welcome").outcome == ("held" if team else "done")


@pytest.mark.parametrize(
    ("ago", "free"),
    [
        ([], 0),
        ([10], 0),
        ([10, 50], 10),  # the older leaves the hour in ten minutes
        ([10, 50, 70], 10),
        ([10, 20, 50], 40),  # overfull: the second youngest has to leave
    ],
)
def test_rate_of_a_workflow_says_when_the_next_may_go(ago: list[int], free: int) -> None:
    limit = Limit(at_most=2, per=span("1 hour"))
    happened = [AT - timedelta(minutes=minutes) for minutes in ago]
    assert guards.free_at(limit, happened=happened, at=AT) == AT + timedelta(minutes=free)
