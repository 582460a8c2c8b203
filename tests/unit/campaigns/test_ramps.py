"""What is due next is decided by counts and an instant, and nothing promotes below the minimum count."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns import rollout_states
from campaigns.gates.finding import Finding, Verdict
from campaigns.ramps import AT_ONCE, USUAL, BadRamp, ChangeWindow, Ramp, Standing, next_move
from campaigns.rollout_states import State

DOCS = Path(__file__).parents[3] / "docs" / "rollouts.md"
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
RAMP = Ramp.of(
    {
        "stages": [
            {"share_percent": 5, "at_least": 50, "minutes": 60, "deadline_minutes": 600},
            {"share_percent": 25, "at_least": 50, "minutes": 60, "deadline_minutes": 600},
            {"share_percent": 100},
        ]
    }
)


def standing(state: str = State.RUNNING, *, stage: int = 0, hours: float = 2) -> Standing:
    return Standing(state, stage, AT - hours * HOUR)


def found(verdict: Verdict, on_fail: str = "roll_back") -> Finding:
    return Finding("errors", verdict, "the candidate fails more often", on_fail=on_fail)


@pytest.mark.parametrize(
    ("now", "met", "findings", "verb"),
    [
        (standing(), 50, [], "promote"),
        (standing(stage=1), 50, [], "complete"),
        (standing(), 49, [], None),
        (standing(hours=0.9), 500, [], None),
        (standing(), 500, [found(Verdict.PASS), found(Verdict.WAITING)], "promote"),
        (standing(), 500, [found(Verdict.INCONCLUSIVE)], None),
        (standing(hours=10), 49, [], "hold"),
        (standing(hours=10), 500, [found(Verdict.INCONCLUSIVE)], "hold"),
        (standing(hours=10), 500, [], "promote"),
        (standing(hours=0), 1, [found(Verdict.FAIL)], "roll_back"),
        (standing(), 500, [found(Verdict.FAIL, "hold")], "hold"),
        (standing(), 500, [found(Verdict.FAIL, "hold"), found(Verdict.FAIL)], "roll_back"),
        (standing(State.HELD, hours=99), 500, [], None),
        (standing(State.HELD), 500, [found(Verdict.FAIL)], "roll_back"),
        (standing(State.HELD), 500, [found(Verdict.FAIL, "hold")], None),
        (standing(State.SCHEDULED), 0, [], "begin"),
    ],
)
def test_one_step_is_due(now: Standing, met: int, findings: list[Finding], verb: str | None) -> None:
    move = next_move(RAMP, now, met=met, findings=findings, at=AT)
    assert (move.verb if move else None) == verb
    assert move is None or move.because


@pytest.mark.requirement("G3")
@given(
    met=st.integers(0, 49),
    hours=st.floats(0, 10_000),
    state=st.sampled_from([State.RUNNING, State.HELD]),
    verdicts=st.lists(st.sampled_from(Verdict)),
)
def test_below_the_minimum_count_nothing_promotes(
    met: int, hours: float, state: State, verdicts: list[Verdict]
) -> None:
    move = next_move(RAMP, standing(state, hours=hours), met=met, findings=[found(one) for one in verdicts], at=AT)
    assert move is None or move.verb in ("hold", "roll_back")


def test_deadline_without_people_holds_and_says_how_many() -> None:
    move = next_move(RAMP, standing(hours=10), met=7, findings=[], at=AT)
    assert move is not None
    assert move.because == "7 of 50 people met it by the deadline: too few to judge it by"


def test_it_begins_when_its_time_has_come() -> None:
    later = Standing(State.SCHEDULED, 0, AT, starts_at=AT + HOUR)
    assert next_move(RAMP, later, met=0, findings=[], at=AT) is None
    assert next_move(RAMP, later, met=0, findings=[], at=AT + HOUR) is not None


def test_outside_the_change_window_it_widens_nothing_and_still_rolls_back() -> None:
    window = {"days": ["mon", "tue"], "opens": "09:00", "closes": "11:00", "timezone": "Europe/Berlin"}
    ramp = Ramp.of({**RAMP.plain, "window": window})
    noon, morning = AT, AT.replace(hour=9)
    assert next_move(ramp, standing(), met=500, findings=[], at=noon) is None
    assert next_move(ramp, Standing(State.SCHEDULED, 0, AT), met=0, findings=[], at=noon) is None
    assert next_move(ramp, Standing(State.RUNNING, 0, morning - 2 * HOUR), met=500, findings=[], at=morning) is not None
    failed = next_move(ramp, standing(), met=500, findings=[found(Verdict.FAIL)], at=noon)
    assert failed is not None
    assert failed.verb == "roll_back"


@pytest.mark.parametrize(
    ("stages", "says"),
    [
        ([], "between 1 and 12 stages"),
        ([{"share_percent": 5}], "the last stage is everybody"),
        ([{"share_percent": 25}, {"share_percent": 5}, {"share_percent": 100}], "greater than the one before"),
        ([{"share_percent": 5}, {"segment": "hot"}, {"share_percent": 100}], "segments come before shares"),
        ([{"share_percent": 5, "segment": "hot"}, {"share_percent": 100}], "a share or for a segment"),
        ([{"share_percent": 0}, {"share_percent": 100}], "between 1 and 100"),
        ([{"share_percent": "5"}, {"share_percent": 100}], "whole numbers"),
        ([{"share_percent": 5, "at_least": 0}, {"share_percent": 100}], "at least one person"),
        ([{"share_percent": 5, "minutes": 60, "deadline_minutes": 60}, {"share_percent": 100}], "deadline is after"),
        ([{"percent": 5}], "a ramp has stages"),
        ([{"share_percent": 5.5}, {"share_percent": 100}], "whole numbers"),
        ([{"share_percent": True}, {"share_percent": 100}], "whole numbers"),
        ([{"share_percent": float("nan")}, {"share_percent": 100}], "whole numbers"),
        ([{"share_percent": -5}, {"share_percent": 100}], "between 1 and 100"),
        ([{"segment": {"a": 1}}, {"share_percent": 100}], "named by its key"),
        ([{"segment": 5}, {"share_percent": 100}], "named by its key"),
        ([{"share_percent": 5, "minutes": 10**15, "deadline_minutes": 10**16}, {"share_percent": 100}], "at most"),
        ([{"share_percent": 5, "minutes": 1e300, "deadline_minutes": 1e301}, {"share_percent": 100}], "whole numbers"),
        ([{"share_percent": 5, "at_least": 10**30}, {"share_percent": 100}], "at most"),
        ([{"share_percent": 5}, {"share_percent": 5}, {"share_percent": 100}], "greater than the one before"),
    ],
)
def test_what_is_no_ramp_is_refused(stages: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(BadRamp, match=says):
        Ramp.of({"stages": stages})


@pytest.mark.parametrize(
    "window",
    [
        {"days": []},
        {"days": ["monday"]},
        {"days": "mon"},
        {"timezone": "Mars"},
        {"timezone": 5},
        {"opens": "nine"},
        {"opens": 9},
        {"opens": "24:00"},
        {"opens": "09:00", "closes": "09:00"},
        {"opens": "09:00+02:00", "closes": "17:00"},
        {"from": "09:00"},
    ],
)
def test_what_is_no_window_is_refused(window: dict[str, Any]) -> None:
    with pytest.raises(BadRamp):
        Ramp.of({"stages": [{"share_percent": 100}], "window": window})


@pytest.mark.parametrize("expected", [[1], [{"stage": "mql"}], [None], "mql", 5])
def test_expected_stages_are_keys_and_nothing_that_would_stand_in_the_way_of_a_look(expected: object) -> None:
    with pytest.raises(BadRamp):
        Ramp.of({"stages": [{"share_percent": 100}], "expected_stages": expected})


@pytest.mark.parametrize(
    ("opens", "closes", "at", "is_open"),
    [
        ("02:00", "02:30", datetime(2026, 3, 28, 12, tzinfo=UTC), False),  # the day before its hour is leapt over
        ("02:00", "02:30", datetime(2026, 3, 29, 1, tzinfo=UTC), False),
        ("02:00", "04:00", datetime(2026, 3, 29, 1, 30, tzinfo=UTC), True),  # half past three: what is left of it
        ("02:00", "03:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), True),  # the hour that comes twice
        ("02:00", "03:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC), True),
        ("02:00", "03:00", datetime(2026, 10, 25, 2, 0, tzinfo=UTC), False),
        ("22:00", "02:30", datetime(2026, 3, 30, 0, 29, tzinfo=UTC), True),  # from Sunday over midnight
        ("22:00", "02:30", datetime(2026, 3, 30, 0, 30, tzinfo=UTC), False),
    ],
)
def test_change_window_of_sundays_where_clocks_leap(opens: str, closes: str, at: datetime, is_open: bool) -> None:
    assert ChangeWindow(("sun",), opens, closes, "Europe/Berlin").is_open(at) is is_open


@pytest.mark.parametrize("ramp", [AT_ONCE, USUAL, RAMP])
def test_it_is_kept_as_it_was_said(ramp: Ramp) -> None:
    assert Ramp.of(ramp.plain) == ramp


def test_documentation_draws_the_table() -> None:
    (drawn,) = re.findall(r"```mermaid\n(stateDiagram.*?)\n```", DOCS.read_text(), flags=re.DOTALL)
    assert drawn == rollout_states.diagram(), "draw it again: rollout_states.diagram()"


def test_every_state_has_a_name_and_is_reached() -> None:
    reached = {State.SCHEDULED, State.RUNNING}
    while more := {step.to for step in rollout_states.TRANSITIONS if reached & set(step.before)} - reached:
        reached |= more
    assert reached == set(State) == set(rollout_states.LABELS)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("verb", [step.verb for step in rollout_states.TRANSITIONS])
def test_a_verb_leads_on_from_its_states_and_from_no_other(state: State, verb: str) -> None:
    step = next(step for step in rollout_states.TRANSITIONS if step.verb == verb)
    if state in step.before:
        assert rollout_states.after(state, verb) == step.to
    else:
        with pytest.raises(rollout_states.WrongState, match=f"cannot {rollout_states.words(verb)}"):
            rollout_states.after(state, verb)
