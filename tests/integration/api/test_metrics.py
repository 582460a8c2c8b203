"""Metrics by interface: defined as everything is, asked for by the same plans as pages."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from martechops.people.actions import tokens
from martechops.people.models import User
from reporting.actions import projection
from workflows.models import Contact

from .conftest import Ask

pytestmark = pytest.mark.django_db
QUERY = "/api/v1/metrics/query"
AT = datetime(2026, 11, 3, 12, tzinfo=UTC)
NOVEMBER = {"from": "2026-11-01", "to": "2026-11-07"}


def test_numbers_come_with_their_definitions_and_the_time_before(demo_of_monday: None, ask: Ask) -> None:
    for day, campaign in ((3, "spring"), (4, "spring"), (4, "autumn")):
        at = AT.replace(day=day)
        Contact.objects.create(created_at=at, updated_at=at, fields={"utm_campaign": campaign})
    at = AT.replace(month=10, day=30)
    Contact.objects.create(created_at=at, updated_at=at, fields={})
    projection.rebuild(at=AT)
    status, body = ask(QUERY, metric=["leads", "cost-per-lead"], grain="day", compare="true", **NOVEMBER)
    assert status == 200, body
    leads, cost = body
    assert (leads["version"], leads["time_zone"], leads["since"], leads["to"]) == (1, "UTC", "2026-11-01", "2026-11-07")
    assert [row["value"] for row in leads["numbers"]] == [0, 0, 1, 2, 0, 0, 0]
    assert [row["value"] for row in leads["former"]] == [0, 0, 0, 0, 0, 1, 0]
    assert [one["key"] for one in cost["rests_on"]] == ["cost-per-lead", "campaign-cost", "leads"]
    assert "FROM reporting.daily" in leads["sql"]
    by = ask(QUERY, metric="leads", by="campaign", where=["campaign:spring", "campaign:winter"], **NOVEMBER)[1][0]
    assert by["numbers"] == [{"at": None, "by": {"campaign": "spring"}, "value": 2.0, "currency": ""}]
    others = ask(QUERY, metric="leads", where="!campaign:spring", **NOVEMBER)[1][0]
    assert [row["value"] for row in others["numbers"]] == [1]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "metric"),
        ({"metric": "happiness"}, "metric"),
        ({"metric": "leads", "by": "weather"}, "by"),
        ({"metric": "leads", "where": "campaign"}, "where"),
        ({"metric": "leads", "where": "stage:\0"}, "where"),
        ({"metric": "leads", "grain": "hour"}, "grain"),
        ({"metric": "leads", "from": "2026-13-01"}, "from"),
        ({"metric": "leads", "from": "2026-11-02", "to": "2026-11-01"}, "to"),
        ({"metric": "leads", "from": "0001-01-01", "to": "9999-12-31"}, "from"),
        ({"metric": "leads", "to": "9999-12-31"}, "to"),
        ({"metric": "leads", "since": "2026-11-01"}, "since"),
        ({"metric": ["leads"] * 30}, "metric"),
    ],
)
def test_question_that_cannot_be_answered_is_the_callers(
    demo_of_monday: None, ask: Ask, said: dict[str, Any], field: str
) -> None:
    status, body = ask(QUERY, **said)
    assert (status, field in json.dumps(body)) == (400, True), body


def test_metric_is_made_changed_and_held_to_what_there_is(demo_of_monday: None, client: Client) -> None:
    scopes = ["definitions:read", "definitions:write"]
    _, text = tokens.create(user=User.objects.get(username="ana"), scopes=scopes, by="tests", at=timezone.now())

    def send(method: str, address: str, body: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {text}"}
        answer = client.generic(method, address, json.dumps(body), content_type="application/json", headers=headers)
        return answer.status_code, answer.json()

    new = {
        "key": "webinar-leads",
        "name": "Webinar leads",
        "meaning": "Leads that a webinar brought.",
        "owner": "marketing-ops",
        "type": "simple",
        "formula": {"measure": "leads", "where": {"channel": "webinar"}},
    }
    status, body = send("POST", "/api/v1/metrics", new)
    assert (status, body.get("status")) == (201, "draft"), body
    address = f"/api/v1/metrics/{body['id']}"
    circle = {"type": "ratio", "formula": {"numerator": "webinar-leads", "denominator": "leads"}}
    for formula, says in (
        ({"formula": {"measure": "happiness"}}, "there is no happiness"),
        ({"formula": {"measure": "leads", "where": {"weather": "fine"}}}, "cannot be told apart by it"),
        ({"type": "ratio", "formula": {"numerator": "nothing", "denominator": "leads"}}, "no metric nothing"),
        (circle, "made of webinar-leads itself"),
        ({"target": {"value": "many"}}, "a span"),
    ):
        status, found = send("PATCH", address, formula)
        assert (status, says in json.dumps(found)) == (400, True), found
    assert send("PATCH", address, {"target": {"value": 40, "per": "month"}})[0] == 200
    assert [
        row["number"] for row in client.get(f"{address}/versions", headers={"Authorization": f"Bearer {text}"}).json()
    ] == [2, 1]
