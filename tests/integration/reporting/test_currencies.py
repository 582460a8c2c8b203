"""Amounts of several currencies are never added: then there is no number, and the page says why."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client

from campaigns.models import Campaign
from martechops.people.models import Team, User
from reporting.metrics import Grain, Period, Question
from reporting.queries import metrics
from workflows.models import Metric

pytestmark = pytest.mark.django_db
NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))


def campaign(name: str, *, budget: int, currency: str, day: int) -> None:
    template = Campaign.objects.order_by("pk")[0]
    template.pk, template.key, template.name, template.campaign_id = None, name, name, f"c-{name}"
    template.budget, template.currency, template.started_at = budget, currency, datetime(2026, 11, day, 12, tzinfo=UTC)
    template.save()


@pytest.fixture
def budgets(lived_in_world: None) -> None:
    """Of two currencies, on three days of two weeks."""
    Campaign.objects.update(budget=None)
    campaign("north", budget=100, currency="EUR", day=3)
    campaign("south", budget=40, currency="EUR", day=4)
    campaign("west", budget=7, currency="USD", day=10)


def asked(key: str, grain: Grain | None = None, *by: str, **where: str) -> list[tuple[Any, ...]]:
    filters = {name: (value,) for name, value in where.items()}
    found = metrics.ask_one(Question(key, NOVEMBER, grain, by, filters))
    return sorted((row.at, *row.by, row.value, row.currency) for row in found.rows)


def test_amounts_of_several_currencies_are_no_number_and_neither_is_what_is_computed_from_them(budgets: None) -> None:
    assert asked("campaign-cost") == [(None, None, "several")]
    assert asked("cost-per-lead") == [(None, None, "several")]


def test_each_currency_by_itself_is_a_number_that_says_it(budgets: None) -> None:
    assert asked("campaign-cost", None, "currency") == [(None, "EUR", 140.0, "EUR"), (None, "USD", 7.0, "USD")]
    assert asked("campaign-cost", None, currency="USD") == [(None, 7.0, "USD")]
    assert asked("campaign-cost", Grain.WEEK) == [(date(2026, 11, 2), 140.0, "EUR"), (date(2026, 11, 9), 7.0, "USD")]


def test_series_of_several_currencies_is_not_drawn_on_one_scale(budgets: None) -> None:
    answer = metrics.ask_one(Question("campaign-cost", NOVEMBER, Grain.WEEK))
    assert answer.currency == "several"
    assert {value for _, value in answer.series} <= {None, 0.0}


def test_what_comes_together_over_days_is_of_one_currency_too(budgets: None) -> None:
    owner = Team.objects.get(key="analytics")
    Metric.objects.create(
        key="together", name="T", meaning="m", owner=owner, type="cumulative", status="draft",
        formula={"of": "campaign-cost", "window": "7 days"},
    )  # fmt: skip
    found = {at: (value, currency) for at, value, currency in asked("together", Grain.DAY)}
    assert found[date(2026, 11, 9)] == (140.0, "EUR")
    assert found[date(2026, 11, 10)] == (None, "several")
    assert found[date(2026, 11, 12)] == (7.0, "USD")


def test_page_says_why_there_is_no_number_and_offers_the_currencies(budgets: None, client: Client) -> None:
    client.force_login(User.objects.get(username="ana"))
    page = client.get("/results/?from=2026-11-01&to=2026-11-30").content.decode()
    assert "several currencies" in page
    assert '<option value="USD"' in page
    chosen = client.get("/results/?from=2026-11-01&to=2026-11-30&currency=USD").content.decode()
    assert ">7.00 USD</a>" in chosen or ">7.00 USD<" in chosen
    assert "Messages sent" in chosen, "what is no amount is not left out"
