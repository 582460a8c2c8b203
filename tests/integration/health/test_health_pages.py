"""Health on pages and by interface: what the newest look found, its rows to click, and its map in colours."""

from datetime import timedelta

import pytest
from django.test import Client

from martechops.lib import clock
from martechops.people.actions import tokens
from martechops.people.models import User
from reporting.actions import health_looks
from tests.integration.screens.test_pages import text_of
from tests.worlds import MONDAY
from workflows.models import Contact, FieldChange

THEN = MONDAY + timedelta(days=21)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ida(client: Client) -> Client:
    client.force_login(User.objects.get(username="ida"))
    return client


def look_at_what_sal_did() -> list[Contact]:
    contacts = list(Contact.objects.order_by("pk")[:3])
    for one in contacts:
        FieldChange.objects.create(
            contact_id=one.pk, field="job_title", old="CMO", new="C", writer="sal", at=THEN - timedelta(days=1)
        )
    health_looks.take(at=THEN)
    return contacts


def test_page_says_how_often_who_and_whom_to_call(ida: Client, demo_told: None) -> None:
    contacts = look_at_what_sal_did()
    text = text_of(ida, "/health/")
    assert "Writers that are on no map 3 0 before" in text
    assert "Marketing ops" in text
    page = ida.get("/health/").content.decode()
    assert all(f'href="/contacts/{one.pk}/"' in page for one in contacts)
    assert "Nothing like this" in text_of(ida, "/health/?kind=slow-approvals")


def test_map_has_the_figures_that_the_table_beside_it_has(ida: Client, demo_told: None) -> None:
    look_at_what_sal_did()
    address = "/workflows/demo-request-nurture/health/"
    page, text = ida.get(address).content.decode(), text_of(ida, address)
    assert page.count("map-node is-wait in-engage heat-") == 1
    assert "2 d" in page
    assert "Wait for a meeting" in text
    conversion = ida.get(f"{address}?show=conversion").content.decode()
    assert "100 %" in conversion
    assert "fewer than half" in conversion


def test_before_the_first_look_pages_say_so(ida: Client, demo_of_monday: None) -> None:
    assert "Nobody has looked yet" in text_of(ida, "/health/")
    assert "Nobody has looked yet" in text_of(ida, "/workflows/demo-request-nurture/health/")
    assert ida.get("/workflows/demo-request-today/health/").status_code == 404


def test_interface_tells_findings_and_steps(client: Client, demo_told: None) -> None:
    ida = User.objects.get(username="ida")
    _, text = tokens.create(user=ida, scopes=["results:read"], by="tests", at=clock.now())
    headers = {"Authorization": f"Bearer {text}"}
    assert client.get("/api/v1/health", headers=headers).status_code == 404
    look_at_what_sal_did()
    answer = client.get("/api/v1/health", {"kind": "writers-off-map"}, headers=headers).json()
    assert [(one["team"], one["count"], one["former"]) for one in answer["findings"]] == [("marketing-ops", 3, 0)]
    assert client.get("/api/v1/health", {"kind": "late-handoffs"}, headers=headers).json()["findings"] == []
    assert client.get("/api/v1/health", {"kind": "odd"}, headers=headers).status_code == 400
    assert client.get("/api/v1/health", {"colour": "red"}, headers=headers).status_code == 400
    steps = client.get("/api/v1/health/steps", {"workflow": "demo-request-nurture"}, headers=headers).json()
    assert {one["workflow"] for one in steps} == {"demo-request-nurture"}
    assert all(one["came"] <= one["runs"] for one in steps)
