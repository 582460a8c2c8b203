"""Metrics that nobody ships: beyond all numbers, across a change of clocks, at the same instant twice, too slow."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import BadRequest
from django.db import connection, transaction

from campaigns.models import CriterionValue
from martechops.people.models import Team
from reporting.actions import criterion_values
from reporting.metrics import BadQuestion, Grain, Period, Question
from reporting.models import ContactFact, StageFact
from reporting.queries import metrics
from workflows.models import Metric

pytestmark = pytest.mark.django_db
HUGE = "a" + " * 1000000000" * 20
SPRING = Period(date(2026, 3, 20), date(2026, 4, 10))


def define(key: str, type: str, formula: dict[str, Any]) -> None:
    Metric.objects.create(
        key=key, name=key, meaning="Of a test.", type=type, formula=formula, owner=Team.objects.get(key="analytics")
    )


def lead(number: int, at: datetime, **more: Any) -> None:
    ContactFact.objects.create(id=number, created_at=at, **more)


def test_number_beyond_all_numbers_is_a_bad_question_and_never_a_crash(demo_of_monday: None) -> None:
    lead(1, datetime(2026, 3, 28, 12, tzinfo=UTC))
    define("huge", "derived", {"expression": HUGE, "metrics": {"a": "leads"}})
    define("larger", "derived", {"expression": "a * a", "metrics": {"a": "huge"}})
    assert metrics.ask_one(Question("huge", SPRING, by=("source",))).value == pytest.approx(1e180)
    with pytest.raises(BadQuestion, match="too large") as refused, transaction.atomic():
        metrics.ask_one(Question("larger", SPRING, by=("source",)))
    assert isinstance(refused.value, BadRequest)  # pages answer by 400


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_analyst_in_another_time_zone_reads_the_same_window(demo_of_monday: None, zone: str) -> None:
    """Twenty-three and a half hours are within one day, also in the night in which Berlin loses one of them."""
    lead(1, datetime(2026, 3, 28, 12, tzinfo=UTC))
    StageFact.objects.create(id=1, contact_id=1, at=datetime(2026, 3, 29, 11, 30, tzinfo=UTC), to_stage="mql")
    to = {"measure": "stage_contacts", "where": {"to_stage": "mql"}}
    define("in-a-day", "conversion", {"base": {"measure": "leads"}, "to": to, "window": "1 day", "gives": "count"})
    question = Question("in-a-day", SPRING)
    assert metrics.ask_one(question).value == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('TimeZone', %s, true)", [zone])
        cursor.execute(metrics.sql_of(question))
        assert cursor.fetchall() == [(1.0,)]


def test_of_two_things_at_one_instant_the_one_written_first_began_it(demo_of_monday: None) -> None:
    at = datetime(2026, 3, 28, 12, tzinfo=UTC)
    lead(1, at)
    for number, channel in ((9, "email"), (3, "ads"), (5, "display")):
        StageFact.objects.create(id=number, contact_id=1, at=at, to_stage="mql", channel=channel)
    base = {"measure": "stage_changes", "where": {"to_stage": {"$in": ["mql", "sql"]}}}
    define("began", "conversion", {"base": base, "to": base, "window": "1 day", "gives": "count"})
    rows = metrics.ask_one(Question("began", SPRING, Grain.DAY, ("channel",))).rows
    assert [(row.by, row.value) for row in rows] == [(("ads",), 1)]


def test_sum_of_nothing_is_zero_and_not_unknown(demo_of_monday: None) -> None:
    lead(1, datetime(2026, 3, 28, 12, tzinfo=UTC))
    define("both", "derived", {"expression": "a + b", "metrics": {"a": "leads", "b": "conversions"}})
    answer = metrics.ask_one(Question("both", Period(date(2026, 3, 27), date(2026, 3, 30)), Grain.DAY, where={}))
    assert answer.of_nothing == 0
    assert {value for _, value in answer.series} <= {0.0, 1.0}
    empty = Question("both", Period(date(2020, 1, 1), date(2020, 1, 3)))
    assert metrics.ask_one(empty).value == 0
    with connection.cursor() as cursor:
        cursor.execute(metrics.sql_of(empty))
        assert cursor.fetchall() == [(0.0,)]


def test_criterion_that_cannot_be_counted_keeps_no_other_waiting(
    demo_of_monday: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of two questions sleeps for longer than it may, and one leaves all numbers."""
    define("huge", "derived", {"expression": HUGE, "metrics": {"a": "leads"}})
    define("larger", "derived", {"expression": "a * a", "metrics": {"a": "huge"}})
    lead(1, datetime(2026, 3, 28, 12, tzinfo=UTC))
    told_apart = {"leads": "source", "larger": "source", "conversions": "goal"}
    asked = [Question(key, SPRING, by=(by,)) for key, by in told_apart.items()]
    known = metrics.catalog()
    plain = metrics.rows_of

    def slow(statement: Any) -> list[tuple[Any, ...]]:
        if "reporting.conversions" in statement.text:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(60)")
        return plain(statement)

    monkeypatch.setattr(metrics, "rows_of", slow)
    monkeypatch.setattr(criterion_values, "MOST_SECONDS", 0.2)
    monkeypatch.setattr(criterion_values, "MOST_EACH_SECONDS", 0.2)
    leads, larger, late = criterion_values._answers(asked, known, "UTC")
    assert not isinstance(leads, str)
    assert leads.value == 1
    assert "too large" in str(larger)
    assert late == "it takes more than 0.2 s to count"
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] != "200ms"
    assert CriterionValue.objects.count() == 0  # nothing was written, and the transaction still can
