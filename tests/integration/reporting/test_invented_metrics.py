"""Metrics that marketers think of and nobody ships, over facts with ties and repeats: equal to plain loops."""

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from martechops.people.models import Team
from reporting.metrics import Grain, Period, Question
from reporting.models import ContactFact, StageFact
from reporting.queries import metrics
from workflows.models import Metric

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Europe/Berlin")
#: The clocks of Berlin go on by an hour on 29 March.
PERIOD = Period(date(2026, 3, 20), date(2026, 4, 9))
DAYS = [PERIOD.since + timedelta(days=number) for number in range(PERIOD.days)]
CHANNELS = ("ads", "email", "")


@pytest.fixture
def facts(demo_of_monday: None) -> tuple[list[ContactFact], list[StageFact]]:
    """Instants on a raster of six hours, so that many are the same."""
    chance, begins = random.Random(9), datetime(2026, 3, 10, 22, tzinfo=UTC)
    people = [
        ContactFact(
            id=number,
            created_at=begins + timedelta(hours=6 * chance.randrange(140)),
            stage=chance.choice(("mql", "sql")),
            channel=chance.choice(CHANNELS),
        )
        for number in range(1, 61)
    ]
    changes = [
        StageFact(
            id=number,
            contact_id=chance.randrange(1, 71),  # some are of nobody whom there still is
            at=begins + timedelta(hours=6 * chance.randrange(140)),
            to_stage=chance.choice(("mql", "sql")),
            channel=chance.choice(CHANNELS),
        )
        for number in chance.sample(range(1, 1_000), 300)
    ]
    return ContactFact.objects.bulk_create(people), StageFact.objects.bulk_create(changes)


def ask(type: str, formula: dict[str, Any], grain: Grain | None = None, by: Iterable[str] = ()) -> metrics.Answer:
    owner = Team.objects.get(key="analytics")
    Metric.objects.create(key="invented", name="i", meaning="m", type=type, formula=formula, owner=owner)
    known = replace(metrics.catalog(), ways=None)  # of facts: these here came past the projection
    answer = metrics.ask([Question("invented", PERIOD, grain, tuple(by))], known=known, at_zone=ZONE.key)[0]
    Metric.objects.filter(key="invented").delete()
    return answer


def day(at: datetime) -> date:
    return at.astimezone(ZONE).date()


@pytest.mark.parametrize("gives", ["rate", "count", "days"])
def test_journeys_within_a_window(facts: tuple[list[ContactFact], list[StageFact]], gives: str) -> None:
    _, changes = facts
    began: dict[int, StageFact] = {}
    for one in sorted(changes, key=lambda one: (one.at, one.pk)):
        if one.to_stage == "mql" and PERIOD.since <= day(one.at) < PERIOD.until:
            began.setdefault(one.contact_id, one)
    took: dict[tuple[date, str], list[float | None]] = defaultdict(list)
    for contact, first in began.items():
        reached = [
            (one.at - first.at) / timedelta(days=1)
            for one in changes
            if one.contact_id == contact and one.to_stage == "sql" and timedelta() <= one.at - first.at < timedelta(3)
        ]
        took[Grain.WEEK.start(day(first.at)), first.channel].append(min(reached, default=None))
    expected = {}
    for key, spans in took.items():
        there = [span for span in spans if span is not None]
        average = sum(there) / len(there) if there else None
        expected[key] = {"rate": len(there) / len(spans), "count": len(there), "days": average}[gives]
    parts = [{"measure": "stage_contacts", "where": {"to_stage": stage}} for stage in ("mql", "sql")]
    answer = ask(
        "conversion",
        {"base": parts[0], "to": parts[1], "window": "3 days", "gives": gives},
        Grain.WEEK,
        ["channel"],
    )
    assert {(row.at, row.by[0]): row.value for row in answer.rows} == pytest.approx(expected)
    assert len(expected) > 6


@pytest.mark.parametrize("span", [{"window": "5 days"}, {"since": "month"}, {}])
def test_what_has_come_together_by_each_day(
    facts: tuple[list[ContactFact], list[StageFact]], span: dict[str, str]
) -> None:
    people, _ = facts
    expected = []
    for one in DAYS:
        first = {"window": one - timedelta(days=4), "since": one.replace(day=1)}.get(next(iter(span), ""), date.min)
        expected.append((one, sum(first <= day(person.created_at) <= one for person in people)))
    assert list(ask("cumulative", {"of": {"measure": "leads"}, **span}, Grain.DAY).series) == expected


def test_arithmetic_of_filters_on_what_rows_are_about(facts: tuple[list[ContactFact], list[StageFact]]) -> None:
    """Whose contact is gone, of that change nobody can say at which stage it is: it is not at this one."""
    people, changes = facts
    stage = {one.pk: one.stage for one in people}
    within = [one for one in changes if PERIOD.since <= day(one.at) < PERIOD.until]
    expected: dict[str, float] = {}
    for channel in CHANNELS:
        mine = [one for one in within if one.channel == channel]
        here = sum(stage.get(one.contact_id) == "sql" for one in mine)
        others = len({one.contact_id for one in mine if stage.get(one.contact_id) != "sql"})
        expected[channel] = (here - 0.0000005) / others
    formula = {
        "expression": "(a - 0.0000005) / b",
        "metrics": {
            "a": {"measure": "stage_changes", "where": {"contact.stage": "sql"}},
            "b": {"measure": "stage_contacts", "where": {"contact.stage": {"$nin": ["sql"]}}},
        },
    }
    answer = ask("derived", formula, by=["channel"])
    assert {row.by[0]: row.value for row in answer.rows} == pytest.approx(expected, rel=1e-12)
