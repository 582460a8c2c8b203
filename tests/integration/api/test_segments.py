"""Segments through the interface: made, changed by who has read the newest, refused where they fit no catalog."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from martechops.people.actions import tokens
from martechops.people.models import User
from workflows.models import Contact, Segment

from .conftest import a_contact

NEW = {
    "key": "big-leads",
    "name": "Big leads",
    "meaning": "Leads of big companies.",
    "owner": "marketing-ops",
    "when": {"contact.company_size": {"$gt": 200}},
}


@pytest.fixture
def ana(demo_of_monday: None, db: None, client: Client) -> Any:
    """Calls with a token of ana's; gives status, body and ETag."""
    _, text = tokens.create(
        user=User.objects.get(username="ana"),
        scopes=["definitions:read", "definitions:write"],
        by="tests",
        at=timezone.now(),
    )

    def asking(method: str, address: str, body: Any = None, **headers: str) -> tuple[int, Any, str]:
        answer = client.generic(
            method,
            address,
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers={"Authorization": f"Bearer {text}", **{name.replace("_", "-"): v for name, v in headers.items()}},
        )
        return answer.status_code, answer.json(), answer.get("ETag", "")

    return asking


def test_segment_is_made_read_and_counted(ana: Any) -> None:
    status, body, _ = ana("POST", "/api/v1/segments", NEW)
    assert (status, body["words"], body["status"]) == (201, "company size is more than 200", "draft")
    assert ana("GET", "/api/v1/segments/big-leads")[1]["when"] == NEW["when"]
    a_contact("big@example.com")
    Contact.objects.update(fields={"company_size": 300})
    a_contact("odd@example.com")
    Contact.objects.filter(email="odd@example.com").update(fields={"company_size": "many"})
    assert ana("GET", "/api/v1/segments/big-leads/count")[1] == {"count": 1, "total": 2, "unanswered": 1}
    listed = ana("GET", "/api/v1/segments?status=agreed&owner=sales-ops")[1]["results"]
    assert [row["key"] for row in listed] == ["enterprise-leads"]


def test_change_needs_the_newest_version_where_it_says_which_it_read(ana: Any) -> None:
    ana("POST", "/api/v1/segments", NEW)
    _, _, etag = ana("GET", "/api/v1/segments/big-leads")
    status, _, newer = ana("PATCH", "/api/v1/segments/big-leads", {"name": "Bigger leads"}, If_Match=etag)
    assert (status, newer) == (200, '"2"')
    status, body, _ = ana("PATCH", "/api/v1/segments/big-leads", {"name": "Late"}, If_Match=etag)
    assert (status, body["code"]) == (412, "changed_meanwhile")
    assert ana("PATCH", "/api/v1/segments/big-leads", {"name": "x"}, If_Match="nonsense")[0] == 412
    assert Segment.objects.get(key="big-leads").name == "Bigger leads"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"when": {"contact.scor": 5}}, "did you mean contact.score?"),
        ({"when": {"contact.score": {"$near": 5}}}, "operator $near is not offered"),
        ({"when": "everybody"}, "must be a document"),
        ({"key": "preview"}, "means something here"),
        ({"size": 5}, "no such field"),
    ],
)
def test_segment_that_does_not_fit_is_refused_with_the_place(ana: Any, wrong: dict[str, Any], says: str) -> None:
    status, body, _ = ana("POST", "/api/v1/segments", NEW | wrong)
    assert status == 400
    assert says in json.dumps(body)


def test_segment_of_another_team_is_not_changed(ana: Any) -> None:
    assert ana("PATCH", "/api/v1/segments/may-be-written-to", {"name": "x"})[0] == 403
    assert ana("POST", "/api/v1/segments", NEW | {"owner": "email-team"})[0] == 403


def test_segment_says_its_versions_and_where_it_is_used(ana: Any) -> None:
    ana("POST", "/api/v1/segments", NEW)
    ana("PATCH", "/api/v1/segments/big-leads", {"name": "Bigger leads"})
    ana("POST", "/api/v1/segments", NEW | {"key": "of-them", "when": {"segment": "big-leads"}})
    assert [row["number"] for row in ana("GET", "/api/v1/segments/big-leads/versions")[1]] == [2, 1]
    assert [(row["kind"], row["key"]) for row in ana("GET", "/api/v1/segments/big-leads/uses")[1]] == [
        ("segment", "of-them")
    ]


RULES = [{"event": "Demo Requested", "points": 10}]


def test_scoring_is_made_and_changed(ana: Any) -> None:
    new = {"key": "walks", "name": "Walks", "owner": "marketing-ops", "rules": RULES}
    status, body, _ = ana("POST", "/api/v1/scoring", new)
    assert (status, body.get("status")) == (201, "draft"), body
    address = f"/api/v1/scoring/{body['id']}"
    assert ana("PATCH", address, {"half_life_days": 30}, If_Match='"1"')[::2] == (200, '"2"')
    assert ana("PATCH", address, {"half_life_days": 31}, If_Match='"1"')[0] == 412
    assert ana("PATCH", address, {"rules": [{"event": "x", "points": "many"}]})[0] == 400


@pytest.mark.parametrize("depth", [40, 900])
def test_rule_nested_without_end_is_refused(client: Client, ana: Any, depth: int) -> None:
    when: Any = {"contact.score": 5}
    for _ in range(depth):
        when = {"$not": when}
    status, body, _ = ana("POST", "/api/v1/segments", NEW | {"when": when})
    assert (status, "nested deeper" in json.dumps(body)) == (400, True)
    client.force_login(User.objects.get(username="ana"))
    answer = client.post("/segments/preview/", {"text": json.dumps(when)})
    assert (answer.status_code, "nested deeper" in answer.content.decode()) == (200, True)
