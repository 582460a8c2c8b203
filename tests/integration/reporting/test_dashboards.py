"""Dashboards: numbers by definitions alone, to be followed down to contacts and taken along as files."""

import csv
import html
import io
import re
import zipfile
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from campaigns.models import Campaign
from martechops.lib import clock, xlsx
from martechops.people.models import User
from reporting.actions import projection
from tests.fixtures import lived_in
from workflows.models import Contact, DefinitionVersion, Metric, Rename, Source

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(lived_in_world: None, client: Client) -> Client:
    client.force_login(User.objects.get(username="ana"))
    return client


def cells(page: str, heading: str) -> list[str]:
    """A table's line, by what it begins with."""
    line = re.search(rf"<tr[^>]*><th[^>]*>(?:<a[^>]*>)?{re.escape(heading)}(?:</a>)?</th>(.*?)</tr>", page, re.S)
    assert line, f"no line {heading}"
    return [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", line[1], re.S)]


@pytest.mark.requirement("F9")
def test_campaign_from_a_playbook_has_its_numbers_without_a_definition(ana: Client) -> None:
    """The webinar that ana planned: three people come by its name, one of whom books a meeting."""
    campaign = Campaign.objects.exclude(playbook=None).get()
    Campaign.objects.filter(pk=campaign.pk).update(budget=900, started_at=clock.now())
    before = DefinitionVersion.objects.filter(kind="metric").count()
    source, now = Source.objects.get(key="demo-site"), clock.now()
    for name in ("kim", "lou", "noa"):
        lived_in._send(source, "Demo Requested", f"{name}@webinar.example", now,
                       **lived_in.COMPLETE | {"utm_campaign": campaign.name})  # fmt: skip
    lived_in.settle()
    lived_in._send(source, "Meeting Booked", "kim@webinar.example", now)
    lived_in.settle()
    while projection.turn(at=now):
        pass
    page = ana.get("/results/").content.decode()
    # leads, MQL, messages, conversions, rate, pipeline, won, cost, cost per lead
    assert cells(page, campaign.name) == ["3", "3", "3", "1", "33.3 %", "0", "0", "900 EUR", "300 EUR"]
    alone = ana.get("/results/", {"campaign": campaign.name}).content.decode()
    assert re.search(
        r'stat-value plain-link" href="/results/contacts/[^"]*metric=leads[^"]*" aria-label="Leads: 3;', alone
    )
    assert DefinitionVersion.objects.filter(kind="metric").count() == before


def test_number_leads_to_its_contacts_and_to_how_it_was_counted(ana: Client) -> None:
    page = ana.get("/results/contacts/", {"metric": "conversion-rate", "campaign": "autumn-demo"}).content.decode()
    assert "Conversion rate: 33.3 %" in page
    converted = Contact.objects.get(email__startswith="ivo.")
    assert f'href="/contacts/{converted.pk}/"' in page
    assert len(re.findall(r'href="/contacts/\d+/"', page)) == 1
    assert "FROM reporting.daily" in page
    for odd in ({"metric": "nothing"}, {"metric": "approval-time"}, {}, {"metric": "approval-time", "campaign": "x"}):
        assert ana.get("/results/contacts/", odd).status_code == 404


@pytest.mark.parametrize("board", ["", "pipeline/", "workflows/", "teams/"])
def test_every_number_of_a_board_leads_somewhere(ana: Client, board: str) -> None:
    """A cost per lead is counted of budgets first: it leads to the leads."""
    page = ana.get(f"/results/{board}").content.decode()
    ways = {html.unescape(way) for way in re.findall(r'stat-value plain-link" href="([^"#]+)', page)}
    assert ways
    for way in ways:
        assert ana.get(way).status_code == 200, way


def test_contacts_behind_a_number_say_of_which_time_and_choice_they_are(ana: Client) -> None:
    asked = {"metric": "cost-per-lead", "campaign": "autumn-demo", "from": "2026-11-01", "to": "2026-11-30"}
    page = ana.get("/results/contacts/", asked).content.decode()
    assert "1 Nov 2026 to 30 Nov 2026, " in page
    assert "; campaign autumn-demo" in page


def test_lines_and_choices_are_called_as_people_call_them(ana: Client) -> None:
    page = ana.get("/results/workflows/", {"workflow": "demo-request-nurture"}).content.decode()
    assert '<option value="demo-request-nurture" selected>Demo request to nurture</option>' in page
    assert cells(page, "Demo request to nurture")
    assert "; workflow Demo request to nurture" in page
    csv_text = ana.get("/results/workflows/numbers.csv").content.decode()
    assert ",demo-request-nurture," in csv_text


def test_board_of_campaigns_is_found_under_the_address_of_its_files(ana: Client) -> None:
    answer = ana.get("/results/campaigns/", {"days": "7"})
    assert (answer.status_code, answer["Location"]) == (302, "/results/?days=7")


def test_metric_says_on_its_page_where_it_is_shown(ana: Client) -> None:
    page = ana.get("/results/uses/lead-to-mql/").content.decode()
    assert 'href="/results/pipeline/?trend=lead-to-mql">Results, Pipeline</a>' in page
    assert "number, trend, cohorts" in page
    assert 'href="/reports/?report=campaign-results">' in ana.get("/results/uses/leads/").content.decode()
    metric = Metric.objects.get(key="leads")
    assert 'hx-get="/results/uses/leads/"' in ana.get(f"/vocabulary/metric/{metric.pk}/").content.decode()
    assert ana.get("/results/uses/nothing/").status_code == 404


def test_page_says_what_it_leaves_out_and_what_happened(ana: Client) -> None:
    Rename.objects.create(kind="stage", old="hot", new="mql", writer="rename by ana", at=clock.now())
    Metric.objects.filter(key="mql").delete()
    page = ana.get("/results/", {"channel": "email", "trend": "leads"}).content.decode()
    assert "Left out, because they cannot be told apart by what is chosen above: Campaign cost" in page
    assert "hot is called mql" in page
    assert "Marketing qualified leads" not in page
    assert "Version 1, " in page


@pytest.mark.parametrize(
    "address",
    [
        "?days=-1&grain=hour&trend=nothing",
        "?from=2026-13-01",
        "?from=9999-12-31&to=0001-01-01",
        "?from=1970-01-01&to=1970-01-02",
        "?campaign=%27%22%3C&channel=" + "x" * 500,
    ],
)
def test_odd_address_is_a_page_all_the_same(ana: Client, address: str) -> None:
    assert ana.get(f"/results/{address}").status_code == 200
    assert ana.get(f"/results/pipeline/{address}").status_code == 200


def test_numbers_are_taken_along_with_their_versions(ana: Client) -> None:
    taken = ana.get("/results/campaigns/numbers.csv")
    lines = list(csv.DictReader(io.StringIO(taken.content.decode("utf-8-sig"))))
    (leads,) = (line for line in lines if line["Key"] == "leads" and line["Span or group"] == "autumn-demo")
    assert (leads["Value"], leads["Version"], len(leads["Digest"])) == ("3.0", "1", 64)
    book = ana.get("/results/campaigns/numbers.xlsx")
    assert book["Content-Type"] == xlsx.CONTENT_TYPE
    with zipfile.ZipFile(io.BytesIO(book.content)) as packed:
        sheet = packed.read("xl/worksheets/sheet3.xml").decode()
        assert all(ET.fromstring(packed.read(name)) is not None for name in packed.namelist())
    assert "autumn-demo" in sheet
    assert "<v>3.0</v>" in sheet
    assert ana.get("/results/campaigns/numbers.exe").status_code == 404
    assert ana.get("/results/nowhere/numbers.csv").status_code == 404


def test_workspace_without_metrics_says_what_to_do(ana: Client) -> None:
    Metric.objects.all().delete()
    page = ana.get("/results/")
    assert page.status_code == 200
    assert "Define metrics" in page.content.decode()


def test_time_before_is_beside_each_number(ana: Client) -> None:
    at = clock.now() - timedelta(days=10)
    Contact.objects.filter(email="lea@example.com").update(created_at=at)
    projection.rebuild(at=at)
    page = ana.get("/results/?days=7").content.decode()
    tile = page[page.index('aria-label="Leads:') :][:900]
    assert "before: 1" in tile
