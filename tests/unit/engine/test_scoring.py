"""Points fade at one pace, so the order in which events arrive does not change a score."""

import itertools
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.engine.scoring import BadScoring, Score, Scoring, compile_scoring

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
RULES = [
    {"event": "Demo Requested", "points": 40, "says": "asked for a demo"},
    {"event": "Demo Requested", "when": {"event.properties.company_size": {"$gte": 200}}, "points": 20},
    {"event": "Unsubscribed", "points": -30},
]

moments = st.integers(-30_000, 30_000).map(lambda hours: NOON + timedelta(hours=hours, seconds=hours % 59))
happenings = st.lists(st.tuples(st.integers(-500, 500), moments), min_size=1, max_size=12)


@given(happenings, st.none() | st.integers(1, 400), st.randoms(use_true_random=False))
def test_order_of_events_does_not_change_a_score(
    events: list[tuple[int, datetime]], half_life: int | None, dice: Random
) -> None:
    scoring = Scoring(rules=(), half_life_days=half_life)
    shuffled = events[:]
    dice.shuffle(shuffled)
    one, other = Score(), Score()
    for points, at in events:
        one = scoring.add(one, points, at=at)
    for points, at in shuffled:
        other = scoring.add(other, points, at=at)
    assert one.at == other.at
    assert one.value == pytest.approx(other.value, abs=1e-6)


@given(happenings, st.integers(1, 400), moments)
def test_score_is_what_is_left_of_each_entry(
    events: list[tuple[int, datetime]], half_life: int, later: datetime
) -> None:
    scoring = Scoring(rules=(), half_life_days=half_life)
    at = max(later, *(moment for _, moment in events), NOON)
    score = Score()
    for points, moment in events:
        score = scoring.add(score, points, at=moment)
    left = sum(scoring.left(Score(points, moment), at=at) for points, moment in events)
    assert scoring.left(score, at=at) == pytest.approx(left, abs=1e-6)


def test_every_order_of_five_events_ends_in_one_whole_score() -> None:
    scoring = Scoring(rules=(), half_life_days=30)
    events = [(40, NOON + timedelta(days=day)) for day in (0, 3, 9, 27, 81)]
    ends = set()
    for order in itertools.permutations(events):
        score = Score()
        for points, at in order:
            score = scoring.add(score, points, at=at)
        ends.add(scoring.now(score, at=NOON + timedelta(days=90)))
    assert len(ends) == 1


def test_half_is_left_after_a_half_life_and_all_where_points_never_fade() -> None:
    score = Score(40, NOON)
    assert Scoring((), half_life_days=10).now(score, at=NOON + timedelta(days=10)) == 20
    assert Scoring((), half_life_days=10).now(score, at=NOON + timedelta(days=30)) == 5
    assert Scoring(()).now(score, at=NOON + timedelta(days=3_000)) == 40
    assert Scoring((), half_life_days=1).now(score, at=NOON + timedelta(days=100_000)) == 0


def test_event_brings_the_points_of_every_rule_that_holds() -> None:
    scoring = compile_scoring(rules=RULES, by_event={"Meeting Booked": 25, "Purchase Completed": 0})
    big = {"name": "Demo Requested", "properties": {"company_size": 300}}
    assert [(g.points, g.says) for g in scoring.given(big)] == [(40, "asked for a demo"), (20, "Demo Requested")]
    assert [g.points for g in scoring.given({"name": "Demo Requested", "properties": {}})] == [40]
    assert [g.points for g in scoring.given({"name": "Meeting Booked"})] == [25]
    assert scoring.given({"name": "Purchase Completed"}) == ()


def test_rule_that_cannot_be_answered_gives_nothing() -> None:
    scoring = compile_scoring(rules=RULES)
    odd = {"name": "Demo Requested", "properties": {"company_size": "many"}}
    assert [g.points for g in scoring.given(odd)] == [40]


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({}, "must be a list"),
        (["x"], "must be a rule"),
        ([{"points": 5}], "names no event"),
        ([{"event": "A", "points": 0}], "not 0"),
        ([{"event": "A", "points": True}], "whole number"),
        ([{"event": "A", "points": 2.5}], "whole number"),
        ([{"event": "A", "points": 5, "decay": 1}], "has no decay"),
        ([{"event": "A", "points": 5, "when": {"event.properties.x": {"$near": 1}}}], "$near"),
        ([{"event": "A", "points": 5, "when": {"contact.country": "DE"}}], "reads the contact"),
        ([{"event": "A", "points": 5, "when": {"segment": "hot"}}], "reads the contact"),
    ],
    ids=repr,
)
def test_rules_that_cannot_be_relied_on_are_refused(rules: object, says: str) -> None:
    with pytest.raises(BadScoring) as refused:
        compile_scoring(rules=rules)
    assert says in str(refused.value)


def test_half_life_of_nothing_is_refused() -> None:
    with pytest.raises(BadScoring, match="never fade"):
        compile_scoring(rules=[], half_life_days=0)
