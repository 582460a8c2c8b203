"""Definitions are read and written by interface as they are in the browser."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from martechops.people.actions import tokens
from martechops.people.models import User
from workflows.models import DefinitionVersion, EventType

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(demo_of_monday: None, db: None, client: Client) -> Any:
    ana = User.objects.get(username="ana")
    scopes = ["definitions:read", "definitions:write"]
    _, text = tokens.create(user=ana, scopes=scopes, by="tests", at=timezone.now())

    def call(method: str, address: str, body: Any = None, **headers: str) -> Any:
        return client.generic(
            method,
            f"/api/v1/{address}",
            data=b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers={"Authorization": f"Bearer {text}", **headers},
        )

    return call


@pytest.mark.parametrize("address", ["event-types", "mappings", "templates", "conventions"])
def test_definitions_are_listed_and_read_one_by_one(call: Any, address: str) -> None:
    listed = call("GET", address).json()["results"]
    assert listed
    one = call("GET", f"{address}/{listed[0]['id']}")
    assert one.json() == listed[0]
    assert one["ETag"] == '"1"'


@pytest.mark.requirement("F5")
def test_event_type_is_made_with_a_warning_of_its_name(call: Any) -> None:
    body = {"name": "quote_requested", "meaning": "Somebody wants a price.", "owner": "marketing-ops"}
    made = call("POST", "event-types", body | {"consumers": ["analytics"], "schema": {"properties": {"plan": {}}}})
    assert made.status_code == 201, made.content
    assert made.json()["warnings"][0].startswith("Event names: words is quote_requested")
    row = EventType.objects.get(name="quote_requested")
    assert [team.key for team in row.consumers.all()] == ["analytics"]
    assert DefinitionVersion.objects.filter(kind="event-type", object_id=row.pk).count() == 1


def test_bad_schema_is_refused_with_its_place(call: Any) -> None:
    row = EventType.objects.get(name="Demo Requested")
    remote = {"properties": {"plan": {"$ref": "https://example.com/x.json"}}}
    answer = call("PATCH", f"event-types/{row.pk}", {"schema": remote})
    assert answer.status_code == 400
    assert "/properties/plan/$ref" in answer.content.decode()


def test_write_on_a_stale_reading_is_refused(call: Any) -> None:
    row = EventType.objects.get(name="Demo Requested")
    first = call("PATCH", f"event-types/{row.pk}", {"meaning": "Asked for a demo."}, **{"If-Match": '"1"'})
    assert (first.status_code, first["ETag"]) == (200, '"2"')
    assert call("PATCH", f"event-types/{row.pk}", {"meaning": "x"}, **{"If-Match": '"1"'}).status_code == 412


def test_unknown_field_and_another_teams_definition_are_refused(call: Any) -> None:
    assert call("POST", "conventions", {"nmae": "x"}).status_code == 400
    foreign = EventType.objects.get(name="Meeting Booked")
    assert call("PATCH", f"event-types/{foreign.pk}", {"meaning": "x"}).status_code == 403


@pytest.mark.requirement("F4")
def test_names_that_mislead_are_told(call: Any) -> None:
    body = {"name": "Demo Request", "meaning": "Another.", "owner": "marketing-ops", "schema": {"type": "object"}}
    assert call("POST", "event-types", body).status_code == 201
    near = call("GET", "event-types/unclear").json()["near"]
    assert {(pair["one"], pair["other"]) for pair in near} == {("Demo Request", "Demo Requested")}


@pytest.mark.requirement("F5")
@pytest.mark.parametrize("form", ["segment", "json-schema"])
def test_tracking_plan_goes_out_and_comes_back(call: Any, form: str) -> None:
    plan = call("GET", f"event-types/tracking-plan?form={form}").json()
    taken = call("POST", "event-types/tracking-plan?owner=marketing-ops", plan)
    assert taken.status_code == 200, taken.content
    assert (taken.json()["added"], taken.json()["changed"]) == ([], [])
    refused = call("POST", "event-types/tracking-plan?owner=marketing-ops", {"A": {"$ref": "https://example.com/"}})
    assert refused.status_code == 400
