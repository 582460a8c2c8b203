"""When metrics of a rollout's arms are counted anew."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.models import CriterionMarks
from reporting.actions.criterion_marks import _is_due

AT = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("later_seconds", "took_seconds", "is_due"),
    [(14, 0.1, False), (15, 0.1, True), (60, 2.0, False), (100, 2.0, True), (-3_600, 0.1, True)],
    ids=["just counted", "a quarter of a minute", "dear", "dear, and long ago", "the clock was put back"],
)
def test_marks_are_counted_anew(later_seconds: int, took_seconds: float, is_due: bool) -> None:
    kept = CriterionMarks(counted_at=AT, took_seconds=took_seconds)
    assert _is_due(kept, at=AT + timedelta(seconds=later_seconds)) is is_due
