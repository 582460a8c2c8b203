"""Kinds of step that wait, ask, share out and hand on: what they decide, and what wakes them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from workflows.engine.snapshot import Cause
from workflows.engine.ways import share_bucket

from .stories import AT, act, decide_again, enter, go_on, step, workflow

MARK = act("mark", "set_field", field="hot", value=True)
OTHER = act("other", "set_field", field="team", value="growth")


def written(decision: Any) -> list[str]:
    return [write.field for write in decision.writes]


@pytest.mark.parametrize(
    ("wait", "contact", "due"),
    [
        ({"for": "2 days"}, {}, "2026-11-22T15:00"),
        ({"for": "4 business hours"}, {}, "2026-11-23T11:00"),  # two on Friday until five, two on Monday from nine
        ({"until": {"date": "contact.renewal_on"}}, {"renewal_on": "2026-12-01"}, "2026-12-01T00:00"),
        (
            {"until": {"date": "contact.renewal_on", "before": "2 days"}},
            {"renewal_on": "2026-12-01"},
            "2026-11-29T00:00",
        ),
        (
            {"until": {"date": "contact.renewal_on", "before": "1 business day"}},
            {"renewal_on": "2026-12-01"},  # a Tuesday at midnight counts as its opening, so Monday at nine
            "2026-11-30T09:00",
        ),
        (
            {"until": {"date": "contact.renewal_on", "after": "1 week"}},
            {"renewal_on": "2026-11-20"},
            "2026-11-27T00:00",
        ),
        (
            {"until": {"date": "contact.renewal_on"}},
            {"renewal_on": "2026-12-01", "timezone": "America/New_York"},
            "2026-12-01T05:00",
        ),
        ({"until": {"date": "contact.ends_at"}}, {"ends_at": "2026-11-21T08:30:00+00:00"}, "2026-11-21T08:30"),
        ({"until": {"date": "contact.renewal_on"}, "for": "3 days"}, {"renewal_on": "2026-12-01"}, "2026-11-23T15:00"),
        ({"until": {"date": "contact.renewal_on"}, "for": "3 days"}, {}, "2026-11-23T15:00"),
    ],
)
def test_wait_ends_at_its_instant(wait: dict[str, Any], contact: dict[str, Any], due: str) -> None:
    decision = enter(workflow({"key": "pause", "wait": wait}, MARK), contact)
    assert (decision.state, decision.due_at) == ("waiting", datetime.fromisoformat(due).replace(tzinfo=UTC))


def test_date_that_is_past_is_not_waited_for() -> None:
    spec = workflow({"key": "pause", "wait": {"until": {"date": "contact.renewal_on"}}}, MARK)
    assert written(enter(spec, {"renewal_on": "2026-11-20"})) == ["hot"]


@pytest.mark.parametrize(("value", "says"), [(None, "is missing"), ("soon", "is no date")])
def test_date_that_nobody_can_read_fails_the_run_visibly(value: str | None, says: str) -> None:
    spec = workflow({"key": "pause", "wait": {"until": {"date": "contact.renewal_on"}}}, MARK)
    decision = enter(spec, {"renewal_on": value})
    assert decision.state == "failed"
    assert says in decision.reason


def test_date_that_moved_while_the_run_waited_is_waited_for_anew() -> None:
    spec = workflow({"key": "pause", "wait": {"until": {"date": "contact.renewal_on"}}}, MARK)
    later = go_on(spec, {"renewal_on": "2026-11-25"}, waiting_at="pause")
    assert (later.state, later.due_at) == ("waiting", datetime(2026, 11, 25, tzinfo=UTC))
    assert written(go_on(spec, {"renewal_on": "2026-11-20"}, waiting_at="pause")) == ["hot"]


def test_date_that_is_moved_earlier_wakes_the_run_when_it_is_moved() -> None:
    for most in ({}, {"for": "90 days"}):
        spec = workflow({"key": "pause", "wait": {"until": {"date": "contact.renewal_on"}, **most}}, MARK)
        assert enter(spec, {"renewal_on": "2026-12-24"}).waits_for == "$field_changed renewal_on"
        moved = {"event": "$field_changed", "properties": {"field": "renewal_on"}, "waiting_at": "pause"}
        sooner = go_on(spec, {"renewal_on": "2026-11-25"}, **moved)
        assert (sooner.state, sooner.due_at) == ("waiting", datetime(2026, 11, 25, tzinfo=UTC))
        assert written(go_on(spec, {"renewal_on": "2026-11-19"}, **moved)) == ["hot"]


def test_event_wakes_only_if_it_is_as_the_wait_says() -> None:
    until = {"event": "Booked", "where": {"event.properties.size": {"$gte": 5}}}
    spec = workflow({"key": "pause", "wait": {"for": "2 days", "until": until}}, MARK)
    small = go_on(spec, {}, waiting_at="pause", event="Booked", properties={"size": 2})
    assert (small.state, small.stays, written(small)) == ("waiting", True, [])
    assert step(small, "pause").checks[0].actual == 2
    large = go_on(spec, {}, waiting_at="pause", event="Booked", properties={"size": 5})
    assert (large.state, large.stays, written(large)) == ("done", False, ["hot"])
    assert written(go_on(spec, {}, waiting_at="pause")) == ["hot"]  # its time is over


def test_shares_are_sticky_and_about_as_large_as_they_say() -> None:
    buckets = [share_bucket(workflow="w", step="arms", subject=f"contact:{i}") for i in range(20_000)]
    assert buckets == [share_bucket(workflow="w", step="arms", subject=f"contact:{i}") for i in range(20_000)]
    small = sum(bucket < 3_000 for bucket in buckets) / len(buckets)
    assert abs(small - 0.3) < 0.015  # more than four standard deviations
    other = [share_bucket(workflow="w", step="more", subject=f"contact:{i}") for i in range(20_000)]
    both = sum(a < 3_000 and b < 3_000 for a, b in zip(buckets, other, strict=True)) / len(buckets)
    assert abs(both - 0.09) < 0.01  # one split says nothing about the next


def test_split_sends_each_subject_its_own_way() -> None:
    arms = [{"share": 30, "go": "mark"}, {"share": 70, "go": "other"}]
    spec = workflow({"key": "arms", "split": arms}, MARK, OTHER)
    bucket = share_bucket(workflow="w", step="arms", subject="contact:7")
    assert written(enter(spec, {})) == (["hot", "team"] if bucket < 3_000 else ["team"])


ASK = {"key": "ask", "approve": {"team": "sales", "within": "2 days", "says": "Shall we?"}}


def test_person_is_asked_and_the_run_waits() -> None:
    decision = enter(workflow(ASK, MARK), {})
    assert (decision.state, decision.step, decision.due_at) == ("waiting", "ask", AT + timedelta(days=2))
    question = decision.questions[0]
    assert (question.team, question.says, question.due_at) == ("sales", "Shall we?", AT + timedelta(days=2))
    assert enter(workflow(ASK, MARK), {}).questions == decision.questions  # asked twice is one question


@pytest.mark.requirement("D3")
@pytest.mark.parametrize(
    ("cause", "otherwise", "state", "fields", "says"),
    [
        (Cause("answer", answer="yes", by="ben"), None, "done", ["hot", "team"], "ben approved it"),
        (Cause("answer", answer="no", by="ben", note="too early"), None, "stopped", [], "ben refused it: too early"),
        (Cause("answer", answer="no", by="ben"), "other", "done", ["team"], "ben refused it; goes on with other"),
        (Cause("timer"), None, "stopped", [], "nobody of sales answered within 2 days"),
        (Cause("timer"), "end", "done", [], "nobody of sales answered within 2 days; goes on with end"),
    ],
)
def test_answer_decides_how_the_run_goes_on(
    cause: Cause, otherwise: str | None, state: str, fields: list[str], says: str
) -> None:
    approve = dict(ASK["approve"]) | ({"else": otherwise} if otherwise else {})  # type: ignore[call-overload]
    spec = workflow({"key": "ask", "approve": approve}, MARK, OTHER)
    decision = decide_again(spec, {}, waiting_at="ask", cause=cause)
    assert (decision.state, written(decision), decision.trace[0].says) == (state, fields, says)


@pytest.mark.requirement("A10")
def test_work_is_passed_on_with_what_the_other_team_needs_and_a_deadline() -> None:
    pass_on = {"to": "support", "payload": ["contact.email", "contact.size"], "within": "1 business day"}
    spec = workflow({"key": "pass", "owner": "marketing", "handoff": pass_on}, MARK)
    decision = enter(spec, {"size": 7})
    handoff = decision.handoffs[0]
    assert (handoff.from_team, handoff.to_team, handoff.must_accept) == ("marketing", "support", False)
    assert handoff.payload == {"contact.email": "lea@example.com", "contact.size": 7}
    assert handoff.due_at == datetime(2026, 11, 23, 15, tzinfo=UTC)  # Friday to Monday
    assert (decision.state, written(decision)) == ("done", ["hot"])


@pytest.mark.requirement("A10")
@pytest.mark.parametrize(
    ("cause", "otherwise", "state", "fields"),
    [
        (Cause("answer", answer="accepted", by="cy"), None, "done", ["hot", "team"]),
        (Cause("answer", answer="refused", by="cy"), None, "stopped", []),
        (Cause("timer"), "other", "done", ["team"]),
    ],
)
def test_hand_off_that_must_be_accepted_is_waited_for(
    cause: Cause, otherwise: str | None, state: str, fields: list[str]
) -> None:
    passed = {"to": "support", "within": "1 day", "accept": True} | ({"else": otherwise} if otherwise else {})
    spec = workflow({"key": "pass", "handoff": passed}, MARK, OTHER)
    waiting = enter(spec, {})
    assert (waiting.state, waiting.due_at, waiting.handoffs[0].must_accept) == ("waiting", AT + timedelta(days=1), True)
    decision = decide_again(spec, {}, waiting_at="pass", cause=cause)
    assert (decision.state, written(decision)) == (state, fields)
