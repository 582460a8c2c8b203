"""Attribution from facts: journeys as they were, each conversion owed once, and a page that says so."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from martechops.people.actions import users
from martechops.people.models import Role
from reporting.attribution import MODELS
from reporting.models import ConversionFact, StageFact, TouchFact
from reporting.queries import attribution

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db


def touch(contact_id: int, channel: str, *, days_ago: float) -> None:
    number = TouchFact.objects.count() + 1
    TouchFact.objects.create(
        id=number, event_id=number, contact_id=contact_id, at=NOW - days_ago * DAY, channel=channel
    )


def convert(contact_id: int, *, days_ago: float = 0, value: float | None = None, goal: str = "demo") -> None:
    number = ConversionFact.objects.count() + 1
    ConversionFact.objects.create(
        id=number, contact_id=contact_id, at=NOW - days_ago * DAY, name=goal, workflow_id=1, run_id=1, value=value
    )


def answer(**asked: Any) -> attribution.Answer:
    given = {"since": NOW - 90 * DAY, "until": NOW + DAY, "window": 30 * DAY} | asked
    return attribution.by_channel(attribution.Asked(**given))


def owed(found: attribution.Answer, model: str) -> dict[str, float]:
    place = [one.key for one in MODELS].index(model)
    return {
        line.channel: round(line.credits[place].conversions, 6)
        for line in found.lines
        if line.credits[place].conversions
    }


@pytest.fixture
def three_ways() -> None:
    """Ads, then a webinar by which one became a lead, e-mail, search, and a conversion; e-mail; nothing at all."""
    touch(1, "ads", days_ago=20)
    touch(1, "webinar", days_ago=14)
    StageFact.objects.create(id=1, contact_id=1, at=NOW - 13.9 * DAY, to_stage="lead")
    touch(1, "email", days_ago=7)
    touch(1, "search", days_ago=0.5)
    convert(1, value=1000)
    touch(1, "ads", days_ago=-0.5)  # afterwards
    touch(2, "email", days_ago=3)
    convert(2, days_ago=1, goal="trial")
    convert(3)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("first", {"ads": 1, "email": 1}),
        ("last", {"search": 1, "email": 1}),
        ("linear", {"ads": 0.25, "webinar": 0.25, "email": 1.25, "search": 0.25}),
        ("u_shaped", {"ads": 0.4, "webinar": 0.1, "email": 1.1, "search": 0.4}),
        ("w_shaped", {"ads": 0.3, "webinar": 0.3, "email": 1.1, "search": 0.3}),
    ],
)
def test_each_model_divides_the_journeys_that_were(three_ways: None, model: str, expected: dict[str, float]) -> None:
    assert owed(answer(), model) == expected


def test_every_model_gives_each_conversion_with_a_touch_once(three_ways: None) -> None:
    found = answer()
    assert (found.conversions, found.untouched, found.value) == (3, 1, 1000)
    for model in MODELS:
        assert sum(owed(found, model.key).values()) == pytest.approx(2), model.key


def test_window_goal_and_period_choose_what_is_divided(three_ways: None) -> None:
    assert owed(answer(window=7 * DAY), "first") == {"email": 2}
    assert owed(answer(goal="trial"), "last") == {"email": 1}
    assert answer(since=NOW - 0.5 * DAY).conversions == 2
    assert answer(until=NOW - 2 * DAY).lines == ()


def test_who_came_and_did_not_convert_counts_for_the_chain(three_ways: None) -> None:
    """Effects at first: ads, webinar and search 1/2, e-mail 1; then ten of twelve who get an e-mail leave."""
    assert owed(answer(), "markov")["ads"] == pytest.approx(2 * (1 / 2) / (5 / 2))
    for number in range(10, 20):
        touch(number, "email", days_ago=1)
    assert owed(answer(), "markov")["ads"] == pytest.approx(2 * (1 / 12) / (5 / 3))


def test_the_newest_are_looked_at_where_there_are_too_many(three_ways: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribution, "MOST", 2)
    found = answer()
    assert (found.is_cut, found.conversions) == (True, 2)


def test_page_shows_every_model_and_ignores_choices_that_nobody_offers(three_ways: None, client: Client) -> None:
    client.force_login(users.add(username="ana", password=None, roles=[Role.VIEWER], by="tests", at=NOW))
    page = client.get("/results/attribution/?days=365&window=90&goal=trial").content.decode()
    assert all(model.name in page and model.says in page for model in MODELS)
    assert "the last 365 days</option>" in page
    odd = client.get("/results/attribution/?days=-1&window=x&goal=%27%22&days=x")
    assert odd.status_code == 200
