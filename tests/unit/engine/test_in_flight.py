"""Where runs go when another version takes the place of theirs: step by step, with the reason."""

from typing import Any

import pytest

from workflows.engine import in_flight
from workflows.engine.in_flight import BadMap, Landing
from workflows.engine.snapshot import Cause
from workflows.engine.spec import Spec

from .stories import act, decide_again, workflow

WAIT: dict[str, Any] = {"key": "pause", "wait": {"for": "2 days", "until": {"event": "Meeting Booked"}}}
MARK = act("mark", "set_field", field="hot", value=True)


def wait(key: str, event: str = "Meeting Booked", span: str = "2 days") -> dict[str, Any]:
    return {"key": key, "wait": {"for": span, "until": {"event": event}}}


def spec(*steps: dict[str, Any]) -> Spec:
    return workflow(*steps)


def landing(policy: str, old: Spec, new: Spec, **steps: str) -> Landing:
    return in_flight.landing(policy, old=old, new=new, step="pause", steps=steps)


OLD = spec(wait("pause"), MARK)


@pytest.mark.parametrize(
    ("policy", "new", "steps", "way", "says"),
    [
        ("pin", spec(wait("pause"), MARK), {}, "stays", "finishes on the version it entered"),
        ("follow", spec(wait("pause"), MARK, wait("more")), {}, "waits", "waits on"),
        ("follow", spec(wait("pause", span="9 days"), MARK), {}, "waits", "waits on until the time it was given"),
        ("follow", spec(wait("other"), MARK), {}, "stays", "the new version has no step pause"),
        (
            "follow",
            spec(act("pause", "set_field", field="hot", value=True)),
            {},
            "stays",
            "pause is a step of another kind now: act, not wait",
        ),
        (
            "follow",
            spec(wait("pause", "Trial Started"), MARK),
            {},
            "stays",
            "it waits for Meeting Booked, and there it would be Trial Started",
        ),
        ("migrate", spec(wait("other"), MARK), {}, "stays", "the map does not name this step"),
        ("migrate", spec(wait("other"), MARK), {"pause": "other"}, "waits", "waits on"),
        ("migrate", spec(wait("other"), MARK), {"pause": "mark"}, "begins", "begins mark"),
        ("migrate", spec(wait("other", "Trial Started"), MARK), {"pause": "other"}, "begins", "begins other"),
        ("migrate", spec(wait("other"), MARK), {"pause": "end"}, "ends", "the map ends it here"),
    ],
)
def test_each_policy_says_where_a_run_goes_and_why(
    policy: str, new: Spec, steps: dict[str, str], way: str, says: str
) -> None:
    found = landing(policy, OLD, new, **steps)
    assert (found.way, found.says) == (way, says)


def test_a_map_of_what_is_not_there_is_refused_with_every_fault() -> None:
    with pytest.raises(BadMap) as refused:
        in_flight.check("migrate", old=OLD, new=OLD, steps={"gone": "mark", "pause": "nowhere"})
    assert refused.value.problems == {
        "gone": "the version they are on has no such step",
        "pause": "the new version has no step nowhere",
    }


def test_a_policy_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="There is no policy jump"):
        in_flight.check("jump", old=OLD, new=OLD, steps={})


LEA = {"email": "lea@example.com", "first_name": "Lea"}


def moved(*steps: dict[str, Any], waiting_at: str, **cause: Any) -> Any:
    """The decision for a run that was moved to these steps and goes on from one of them."""
    return decide_again(spec(*steps), LEA, waiting_at=waiting_at, cause=Cause(**cause))


def test_a_run_that_arrives_at_a_step_begins_it() -> None:
    decision = moved(MARK, wait("pause"), waiting_at="mark", kind="arrival")
    assert [(step.step, step.outcome) for step in decision.trace] == [("mark", "done"), ("pause", "waits")]


def test_a_moved_run_does_nothing_that_it_has_done_already() -> None:
    welcome = act("welcome", "send_message", template="welcome", system="email")
    decision = moved(wait("pause"), welcome, MARK, waiting_at="pause", kind="timer", done=frozenset({"welcome"}))
    assert [(step.step, step.outcome) for step in decision.trace] == [
        ("pause", "woke"),
        ("welcome", "skipped"),
        ("mark", "done"),
    ]
    assert decision.effects == ()


def test_a_moved_run_that_was_turned_down_is_not_asked_for_again_and_does_not_pass() -> None:
    ask = {"key": "ask", "approve": {"team": "ops"}}
    decision = moved(wait("pause"), ask, MARK, waiting_at="pause", kind="timer", denied=frozenset({"ask"}))
    assert (decision.state, decision.step, decision.questions) == ("stopped", "ask", ())
