"""Definitions are tried on what is really there before they are saved."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from martechops.people.models import User
from workflows.models import Contact, DefinitionVersion, Mapping, MessageTemplate, NamingConvention, Scoring, Source
from workflows.queries import event_names, mappings

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def lived(lived_in_world: None, db: None) -> None:
    """A workspace that has been used."""


@pytest.fixture
def ana(lived: None, client: Client) -> Client:
    client.force_login(User.objects.get(username="ana"))
    return client


def cells(rows: list[dict[str, str]]) -> dict[str, str]:
    """Rows as the page sends them."""
    sent = {f"rows.{at}.row": "" for at in range(len(rows))}
    return sent | {f"rows.{at}.{name}": text for at, row in enumerate(rows) for name, text in row.items()}


@pytest.mark.requirement("E6")
def test_mapping_shows_coverage_and_violations_on_recent_events(lived: None) -> None:
    rows = [
        {"from": "event.properties.company_size", "to": "company_size", "type": "number"},
        {"from": "event.properties.fax", "to": "phone", "type": "phone", "required": True},
    ]
    shown = mappings.preview(rows, source=Source.objects.get(key="demo-site"), at=NOON)
    size, fax = shown.coverage
    assert shown.of == 7
    assert (size.present, size.violations, fax.present) == (5, 1, 0)
    assert "about <b>fifty</b>" in size.example
    assert all("phone" in example.mapped.missing for example in shown.examples)


def test_mapping_of_contacts_is_tried_on_contacts(lived: None) -> None:
    shown = mappings.preview(Mapping.objects.get(key="demo-form-to-crm").rows, source=None, at=NOON)
    assert (shown.what, shown.of) == ("contacts", Contact.objects.count())


@pytest.mark.requirement("E5")
def test_mapping_shows_on_its_page_what_it_makes_of_events_by_source(ana: Client) -> None:
    row = Mapping.objects.get(key="web-form-to-contact")
    address = f"/vocabulary/mapping/{row.pk}/try/"
    assert "about &lt;b&gt;fifty" in ana.get(address).content.decode()
    assert "% of" in ana.get(address, {"source": ""}).content.decode()
    assert ana.get(address, {"source": "1e9"}).status_code == 200
    assert ana.post(address, {}).status_code == 403


@pytest.mark.requirement("E5")
def test_mapping_is_tried_beside_its_rows_before_it_is_saved(ana: Client) -> None:
    row = Mapping.objects.get(key="web-form-to-contact")
    address = f"/vocabulary/mapping/{row.pk}/edit/"
    rows = [{"from": "event.properties.email", "to": "email", "type": "email", "required": "1"}]
    filled = {"name": row.name, "owner": row.owner_id, "expected": 1, "note": "shorter"}
    looked = ana.post(address, filled | cells(rows) | {"do": "look"})
    assert looked.status_code == 200
    assert "100 %" in looked.content.decode()
    row.refresh_from_db()
    assert len(row.rows) > 1
    bad = ana.post(address, filled | cells([rows[0] | {"to": "fax", "type": "number", "as": "trim"}]))
    assert bad.status_code == 422
    assert "no way to read a number" in bad.content.decode()
    confirm = ana.post(address, filled | cells(rows))
    assert "This change touches" in confirm.content.decode()
    assert ana.post(address, filled | cells(rows) | {"confirmed": 1}).status_code == 302
    row.refresh_from_db()
    assert row.rows == [{"from": "event.properties.email", "to": "email", "type": "email", "required": True}]
    assert DefinitionVersion.objects.filter(kind="mapping", object_id=row.pk).first().note == "shorter"


def test_template_is_shown_as_a_contact_gets_it_without_scripts(ana: Client) -> None:
    row = MessageTemplate.objects.get(key="demo-welcome")
    contact = Contact.objects.get(email="lea@example.com")
    page = ana.get(f"/vocabulary/template/{row.pk}/try/?contact=lea@example.com").content.decode()
    assert "sandbox src=" in page
    Contact.objects.filter(pk=contact.pk).update(fields={"first_name": "<script>alert(1)</script>"})
    body = ana.get(f"/vocabulary/template/{row.pk}/body/?contact={contact.pk}")
    assert "default-src 'none'" in body["Content-Security-Policy"]
    assert "<script>" not in body.content.decode()
    assert "contact.company" in ana.get(f"/vocabulary/template/{row.pk}/try/?contact={contact.pk}").content.decode()


@pytest.mark.requirement("C10")
def test_name_is_checked_against_a_convention(ana: Client) -> None:
    row = NamingConvention.objects.get(key="campaign-names")
    page = ana.get(f"/vocabulary/convention/{row.pk}/try/?name=2026_q4_mail_demo").content.decode()
    assert "channel is mail; it may be email, ads, event or webinar" in page


@pytest.mark.requirement("D1")
def test_scoring_page_says_whom_a_change_affects(ana: Client) -> None:
    page = ana.get(f"/vocabulary/scoring/{Scoring.objects.get().pk}/try/").content.decode()
    assert "medium risk" in page
    assert "Demo request to nurture" in page


@pytest.mark.requirement("F4")
def test_misspelled_event_is_told_as_a_name_that_misleads(ana: Client) -> None:
    found = event_names.unclear()
    assert [(pair.one, pair.other) for pair in found.near] == [("Demo Requested", "Demo Reqested")]
    assert "Demo Reqested" in ana.get("/vocabulary/event-type/unclear/").content.decode()


def test_event_name_against_the_convention_is_warned_of(demo_of_monday: None, db: None) -> None:
    assert event_names.against("Demo Requested") == []
    assert "something like" in event_names.against("demo_requested")[0]
