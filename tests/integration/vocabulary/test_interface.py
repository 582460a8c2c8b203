"""Systems, fields, stages and teams by interface, with versions and uses."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from martechops.people.actions import tokens
from martechops.people.models import User
from workflows.actions import definitions
from workflows.models import Field, LifecycleStage, System

from .conftest import AT

Call = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def call(client: Client, demo: None) -> Call:
    kept: dict[str, str] = {}

    def call(who: str, method: str, address: str, body: object = None, **headers: str) -> tuple[int, Any, str]:
        if who not in kept:
            scopes = ["definitions:read"] + (["definitions:write"] if who != "ida" else [])
            user = User.objects.get(username=who)
            _, kept[who] = tokens.create(user=user, scopes=scopes, by="tests", at=timezone.now())
        sent = {"Authorization": f"Bearer {kept[who]}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        answer = getattr(client, method)(
            f"/api/v1/{address}",
            json.dumps(body) if body is not None else None,
            **({"content_type": "application/json"} if body is not None else {}),
            headers=sent,
        )
        return answer.status_code, answer.json() if answer.content else None, answer.headers.get("ETag", "")

    return call


@pytest.mark.requirement("C8")
def test_a_field_is_read_changed_and_its_versions_and_uses_are_found(call: Call) -> None:
    company = Field.objects.get(key="company")
    status, body, etag = call("ana", "get", f"fields/{company.pk}")
    assert (status, body["system_of_record"], body["owner"], etag) == (200, "web-form", "marketing-ops", '"1"')
    status, body, etag = call("ana", "patch", f"fields/{company.pk}", {"label": "Firm"}, If_Match=etag)
    assert (status, body["label"], etag) == (200, "Firm", '"2"')
    status, body, _ = call("ana", "patch", f"fields/{company.pk}", {"label": "Company"}, If_Match='"1"')
    assert status == 412
    _, versions, _ = call("ida", "get", f"fields/{company.pk}/versions")
    assert [(one["number"], one["changes"]) for one in versions] == [
        (2, ["Label changed from Company to Firm"]),
        (1, []),
    ]
    _, uses, _ = call("ida", "get", f"fields/{company.pk}/uses")
    assert {"kind": "mapping", "key": "demo-form-to-crm", "state": "", "where": "rows[3].from"} in uses


@pytest.mark.parametrize(
    ("address", "filters", "count"),
    [
        ("fields", "owner=analytics", 3),
        ("fields", "type=picklist&system_of_record=crm", 1),
        ("fields", "personal=true", 4),
        ("systems", "kind=crm", 1),
        ("stages", "status=agreed", 6),
        ("teams", "key=sales-ops", 1),
    ],
)
def test_lists_are_filtered(call: Call, address: str, filters: str, count: int) -> None:
    status, body, _ = call("ida", "get", f"{address}?{filters}")
    assert (status, len(body["results"])) == (200, count)
    assert call("ida", "get", f"{address}?nonsense=1")[0] == 400


def test_a_stage_and_a_system_are_made_by_those_who_may(call: Call) -> None:
    stage = {"key": "champion", "name": "Champion", "position": 7, "crm_statuses": ["Champion"], "owner": "sales-ops"}
    assert call("ana", "post", "stages", stage)[0] == 403
    assert call("sal", "post", "stages", stage)[0] == 201
    assert LifecycleStage.objects.get(key="champion").status == "draft"
    system = {"key": "chat", "name": "Chat", "kind": "chat", "owner": "sales-ops"}
    assert call("sal", "post", "systems", system)[0] == 201
    assert System.objects.get(key="chat").sandbox
    assert call("ida", "post", "systems", system)[0] == 403


@pytest.mark.parametrize(
    ("who", "change", "status"),
    [
        ("ana", {"written_in": ["somewhere"]}, 400),
        ("ana", {"status": "frozen"}, 400),
        ("ana", {"owner": "sales-ops"}, 403),
        ("ben", {"label": "X"}, 403),
        ("ana", {"label": "X"}, 200),
    ],
)
def test_writes_are_checked_as_everywhere_else(call: Call, who: str, change: dict[str, Any], status: int) -> None:
    company = Field.objects.get(key="company")
    assert call(who, "patch", f"fields/{company.pk}", change)[0] == status


def test_what_is_frozen_is_a_clash(call: Call) -> None:
    company = Field.objects.get(key="company")
    definitions.set_status(company, to="frozen", by="demo", at=AT)
    assert call("ana", "patch", f"fields/{company.pk}", {"label": "X"})[0] == 409
