"""Who gets which of two versions: pure, sticky, and shuffled anew for another release line."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.engine.arms import BUCKETS, Arm, Split, assign, bucket
from workflows.engine.conditions import compile_condition

PEOPLE = [f"contact:{number}" for number in range(4_000)]


def split(**said: object) -> Split:
    return Split(workflow_id=1, rollout_id=2, activation_id=3, version_id=4, salt="welcome r3", **said)  # type: ignore[arg-type]


def candidates(share: int, salt: str = "welcome r3") -> set[str]:
    return {one for one in PEOPLE if bucket(salt, one) * 100 < share * BUCKETS}


@pytest.mark.requirement("F16")
@given(st.text(), st.integers(1, 10**9), st.integers(1, 99))
def test_wider_share_takes_in_all_that_a_narrower_one_did(salt: str, contact: int, share: int) -> None:
    one = Split(1, 2, 3, 4, salt, share_percent=share)
    wider = Split(1, 9, 9, 4, salt, share_percent=share + 1)
    assigned = assign(one, subject=f"contact:{contact}", facts={})
    assert assigned == Arm.STABLE or assign(wider, subject=f"contact:{contact}", facts={}) == Arm.CANDIDATE


def test_shares_are_what_they_say() -> None:
    """Four thousand people: the standard deviation of 10 % is 19 of them."""
    assert abs(len(candidates(10)) - 400) < 100
    assert len(candidates(100)) == len(PEOPLE)
    assert max(Counter(bucket("x", one) * 10 // BUCKETS for one in PEOPLE).values()) < 500


def test_another_release_line_shuffles_anew() -> None:
    """Ten percent of ten percent are in both by chance: 40 of 4,000."""
    assert 10 < len(candidates(10) & candidates(10, "welcome r4")) < 80


def test_segment_decides_by_its_rule_and_one_without_an_answer_takes_in_nobody() -> None:
    hot = split(segment=compile_condition({"contact.score": {"$gte": 50}}))
    assert assign(hot, subject="contact:1", facts={"contact": {"score": 60}}) == Arm.CANDIDATE
    assert assign(hot, subject="contact:1", facts={"contact": {"score": 40}}) == Arm.STABLE
    assert assign(hot, subject="contact:1", facts={"contact": {"score": "many"}}) == Arm.STABLE


def test_without_share_and_segment_it_is_for_nobody() -> None:
    assert {assign(split(), subject=one, facts={}) for one in PEOPLE[:50]} == {Arm.STABLE}
