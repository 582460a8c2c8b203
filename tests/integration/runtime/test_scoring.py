"""Scores in the running system: given by events, fading, explained, and the same in SQL and in rules."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from martechops.people.models import User
from workflows.actions import definitions
from workflows.engine.scoring import Score, Scoring
from workflows.models import Contact, FieldChange, QuarantinedEvent, ScoreEntry, Workflow
from workflows.models import Scoring as ScoringRow
from workflows.queries import scores
from workflows.runtime import subjects

from .conftest import AT, settle

Send = Callable[..., str]


@pytest.fixture
def fading(demo: object) -> ScoringRow:
    row = ScoringRow.objects.get()
    row.half_life_days = 10
    row.rules = [
        {
            "event": "Demo Requested",
            "when": {"event.properties.company_size": {"$gte": 200}},
            "points": 20,
            "says": "works at a large company",
        }
    ]
    return definitions.save(row, by="test", at=AT)


def test_event_gives_points_by_type_and_by_rule_each_with_an_entry(fading: ScoringRow, request_demo: Send) -> None:
    request_demo("lea@example.com", at=AT)
    settle(at=AT)
    contact = Contact.objects.get()
    assert (contact.score, contact.scored_at) == (60, AT)
    entries = ScoreEntry.objects.order_by("pk").values_list("rule", "points", "at")
    assert list(entries) == [("Demo Requested", 40, AT), ("works at a large company", 20, AT)]
    assert list(FieldChange.objects.filter(field="score").values_list("old", "new")) == [(0, 60)]


def test_every_order_of_arrival_ends_in_one_score(fading: ScoringRow, send: Send) -> None:
    first, days = AT - timedelta(days=60), (0, 5, 10, 40)
    for number, order in enumerate(itertools.permutations(days)):
        for day in order:
            send("Pricing Page Viewed", email=f"p{number}@example.com", at=first + timedelta(days=day))
    settle(at=first + timedelta(days=50))
    assert not QuarantinedEvent.objects.exists()
    now = Contact.objects.annotate(now=scores.faded(at=first + timedelta(days=50)))
    # 15 × (2^-5 + 2^-4.5 + 2^-4 + 2^-1) = 9.57
    assert set(now.values_list("now", flat=True)) == {10}
    assert set(Contact.objects.values_list("scored_at", flat=True)) == {first + timedelta(days=40)}


def test_score_is_explained_by_what_is_left_of_each_entry(fading: ScoringRow, send: Send) -> None:
    send("Meeting Booked", email="lea@example.com", at=AT)
    send("Pricing Page Viewed", email="lea@example.com", at=AT + timedelta(days=10))
    settle(at=AT + timedelta(days=10))
    told = scores.explained(Contact.objects.get(), at=AT + timedelta(days=20))
    # 25 / 4 + 15 / 2 = 13.75
    assert told.now == 14
    assert [(line.entry.rule, line.entry.points, line.left) for line in told.lines] == [
        ("Pricing Page Viewed", 15, 7.5),
        ("Meeting Booked", 25, 6.25),
    ]
    assert told.others == 0


def test_rule_of_a_workflow_sees_the_faded_score(fading: ScoringRow, send: Send) -> None:
    send("Meeting Booked", email="lea@example.com", at=AT)
    settle(at=AT)
    contact = Contact.objects.get()
    with transaction.atomic():
        person = subjects.locked([contact.pk])[contact.pk]
    seen = [
        person.snapshot(scoring=scores.compiled(), at=AT + timedelta(days=day)).contact["score"] for day in (0, 10, 20)
    ]
    assert seen == [25, 12, 6]


@pytest.mark.requirement("D1")
def test_change_of_scoring_is_medium_risk_where_a_live_workflow_asks_for_the_score(fading: ScoringRow) -> None:
    assert [workflow.key for workflow in scores.live_workflows_that_ask()] == ["demo-request-nurture"]
    assert scores.risk_of_change() == "medium"
    Workflow.objects.get(key="demo-request-nurture").activations.update(until=AT)
    assert scores.risk_of_change() == "low"


def test_contact_page_shows_what_is_left(fading: ScoringRow, send: Send, client: Client) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=10)
    send("Meeting Booked", email="lea@example.com", at=long_ago)
    settle()
    client.force_login(User.objects.get(username="ida"))
    page = client.get(f"/contacts/{Contact.objects.get().pk}/").content.decode()
    assert "12 points" in page
    assert "points halve every 10 days" in page
    assert "of 25" in page


class InSqlAsInPython(TestCase):
    @settings(max_examples=300, deadline=None)
    @given(
        st.floats(-1e6, 1e6),
        st.integers(-(10**12), 10**16),
        st.none() | st.integers(1, 3_000),
    )
    def test_faded_score_is_the_same_in_sql_and_in_python(
        self, value: float, age_us: int, half_life: int | None
    ) -> None:
        then = datetime(2020, 1, 1, tzinfo=UTC)
        now = then + timedelta(microseconds=age_us)
        with connection.cursor() as cursor:
            cursor.execute("SELECT workflows_faded_score(%s, %s, %s, %s)", [value, then, now, half_life])
            in_sql = cursor.fetchone()[0]
        assert in_sql == Scoring((), half_life_days=half_life).now(Score(value, then), at=now)
