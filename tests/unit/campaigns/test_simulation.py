"""Played with dice: what is good is seldom rolled back, and what is bad soon. The long table is in docs/rollouts.md."""

import pytest

from campaigns.gates import GATES
from campaigns.rehearsal.simulation import CASES, COMPARISONS, USUAL, play, table

GOOD, STAGED, BAD = CASES[0], CASES[1], CASES[2]


@pytest.mark.requirement("H7")
def test_bad_one_is_caught_soon_and_good_ones_go_through() -> None:
    """Of 40 good ones two are rolled back at the worst rate that is promised; six would be four deviations more."""
    bad = play(BAD, times=25, seed=3)
    assert bad.share("rolled_back") == 1.0
    assert bad.median_people is not None
    assert bad.median_people <= 1_200
    assert play(STAGED, times=40, seed=3).share("done") >= 34 / 40


def test_same_seed_is_the_same_table() -> None:
    once, again = (table([play(BAD, times=3, seed=5)]) for _ in range(2))
    assert once == again
    assert "errors 2 % → 10 %, 10 %" in once


def test_every_comparison_is_made_at_its_level_of_marks_of_its_own() -> None:
    """Two metrics share theirs; only the sample ratio is judged by who came."""
    levels = {gate.key: gate.alpha for gate in GATES if gate.alpha}
    made = {key: sum(gate.alpha for gate, _ in COMPARISONS if gate.key == key) for key in levels}
    assert made == pytest.approx(levels)
    assert sum(made.values()) <= 0.05
    assert {key for _, key in COMPARISONS} == {*USUAL, "sample_ratio"}
    assert {gate.worse for gate, _ in COMPARISONS if gate.key == "metrics"} == {-1, 1}


def test_worse_metric_is_rolled_back() -> None:
    worse = next(case for case in CASES if "metric" in case.label)
    assert play(worse, times=5, seed=3).share("rolled_back") >= 4 / 5
