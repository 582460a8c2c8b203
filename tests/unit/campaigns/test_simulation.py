"""Played with dice: what is good is seldom rolled back, and what is bad soon. The long table is in docs/rollouts.md."""

import pytest

from campaigns.rehearsal.simulation import CASES, play, table

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
