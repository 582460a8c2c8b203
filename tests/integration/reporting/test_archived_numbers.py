"""Numbers of an archived campaign stay what they were, and counted again they are the same or it is said why not."""

import csv
import hashlib
import io
import json
import zipfile
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from campaigns import lifecycle
from campaigns.actions import archives
from campaigns.models import Campaign, CampaignArchive
from martechops.audit.models import AuditEntry
from martechops.lib import clock
from martechops.people.actions import tokens
from martechops.people.models import Team, User
from reporting.actions import archived_numbers, projection
from reporting.models import ArchivedNumbers, StageFact
from reporting.queries import archived, metrics
from reporting.queries.archived import Reproduction
from tests.fixtures import lived_in
from workflows.actions import definitions
from workflows.models import Alias, Contact, Metric, Source

pytestmark = pytest.mark.django_db
NAME = "autumn-demo"


@pytest.fixture
def ana(lived_in_world: None) -> User:
    return User.objects.get(username="ana")


@pytest.fixture
def kept(ana: User) -> ArchivedNumbers:
    """The campaign that Lea, Max and Ivo came by, archived."""
    now = clock.now()
    campaign = Campaign.objects.create(
        campaign_id="CMP-0900",
        key=NAME,
        name=NAME,
        owner=Team.objects.get(key="marketing-ops"),
        state=lifecycle.State.ARCHIVED,
        created_at=now - timedelta(days=9),
        updated_at=now,
        budget=900,
        started_at=now - timedelta(days=8),
        ended_at=now,
    )
    settle(now)
    with transaction.atomic():
        archives.keep(campaign, by=ana, at=now)
    assert archived_numbers.keep_due(at=now) == 1
    assert archived_numbers.keep_due(at=now) == 0, "once"
    return ArchivedNumbers.objects.get()


def settle(at: datetime) -> None:
    while projection.turn(at=at):
        pass


def again(kept: ArchivedNumbers) -> Reproduction:
    settle(clock.now())
    return archived.reproduce(ArchivedNumbers.objects.get(pk=kept.pk))


def value(kept: ArchivedNumbers, key: str) -> float | None:
    return archived.kept_numbers(ArchivedNumbers.objects.get(pk=kept.pk).content)[key, "", ""]


@pytest.mark.requirement("C5")
def test_numbers_are_kept_with_their_definitions_and_counted_again_they_are_equal(kept: ArchivedNumbers) -> None:
    keys = ("leads", "mql", "conversions", "conversion-rate", "messages-sent", "campaign-cost")
    asked = [metrics.Question(key, period(kept), where={"campaign": (NAME,)}) for key in keys]
    found = {answer.metric.key: answer.value for answer in metrics.ask(asked)}
    assert found["leads"] == 3
    assert found["campaign-cost"] == 900
    assert {key: value(kept, key) for key in found} == found
    currencies = archived.kept_currencies(kept.content)
    assert currencies["campaign-cost", "", ""] == "EUR"
    assert not {key for key, _, _ in currencies} & {"leads", "conversion-rate"}, "only amounts have one"
    said = kept.content["definitions"]["leads"]
    assert (said["version"], len(said["digest"]), said["document"]["formula"]) == (1, 64, {"measure": "leads"})
    made = again(kept)
    assert made.is_equal
    assert made.compared > 50
    assert not made.redefined
    assert {row.view: (row.kept, row.same) for row in made.rows}["contacts"] == (3, 3)
    entry = AuditEntry.objects.get(action="campaign.keep-numbers")
    assert (entry.object_key, entry.detail["digest"]) == (NAME, kept.digest)


def period(kept: ArchivedNumbers) -> metrics.Period:
    return metrics.Period(*(datetime.fromisoformat(kept.content[name]).date() for name in ("since", "until")))


@pytest.mark.requirement("C5")
def test_what_changes_later_leaves_the_numbers_alone_and_is_named(kept: ArchivedNumbers, ana: User) -> None:
    """A rename and a redefinition make no other number; an erased contact does, and is counted as the reason."""
    now = clock.now()
    Alias.objects.create(kind="value:utm_campaign", old=NAME, new="autumn-launch", since=now)
    Campaign.objects.filter(key=NAME).update(name="autumn-launch")
    leads = Metric.objects.select_related("owner").get(key="leads")
    leads.formula = {"measure": "leads", "where": {"source": "nobody"}}
    admin = User.objects.get(username="admin")
    definitions.save(leads, by=admin, at=now)
    made = again(kept)
    assert made.is_equal, made.differences
    assert (NAME, "autumn-launch") in made.renames
    assert [(one.key, version) for one, version in made.redefined] == [("leads", 2)]

    Contact.objects.get(email="lea@example.com").delete()
    made = again(kept)
    assert not made.is_equal
    assert made.is_explained, [one for one in made.differences if not one.because]
    (one,) = (one for one in made.differences if (one.metric.key, one.span, one.channel) == ("leads", "", ""))
    assert (one.kept, one.now) == (3, 2)
    assert one.because == ("1 of contacts went with their contacts, which were erased, deleted or merged",)
    assert value(kept, "leads") == 3
    assert ArchivedNumbers.objects.get().digest == kept.digest


@pytest.mark.requirement("C5")
def test_rows_that_retention_removed_or_that_came_later_are_told_apart(kept: ArchivedNumbers) -> None:
    StageFact.objects.filter(to_stage="mql", campaign=NAME).order_by("pk").first().delete()  # type: ignore[union-attr]
    source = Source.objects.get(key="demo-site")
    lived_in._send(source, "Demo Requested", "late@example.com", clock.now(), **lived_in.COMPLETE)
    lived_in.settle()
    made = again(kept)
    became = {row.view: row for row in made.rows}
    assert (became["stage_changes"].gone, became["stage_changes"].gone_with_contact) == (1, 0)
    assert became["contacts"].came == 1
    assert made.is_explained


@pytest.mark.requirement("C5")
def test_archive_never_changes(kept: ArchivedNumbers) -> None:
    for change in (
        lambda: ArchivedNumbers.objects.update(digest=""),
        lambda: kept.counted.update(count=1),
        lambda: kept.counted.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="kept as they are"), transaction.atomic():
            change()


def test_page_and_file_hold_what_is_kept(kept: ArchivedNumbers, ana: User, client: Client) -> None:
    client.force_login(ana)
    address = f"/campaigns/{NAME}/archive/numbers/"
    assert address in client.get(f"/campaigns/{NAME}/archive/").content.decode()
    assert "by the definitions of that day" in client.get(address).content.decode()
    assert "900 EUR" in client.get(address).content.decode()
    assert "Counted again: equal" in client.get(address, {"again": "yes"}).content.decode()
    Contact.objects.get(email="lea@example.com").delete()
    settle(clock.now())
    page = client.get(address, {"again": "yes"}).content.decode()
    assert "went with their contacts, which were erased, deleted or merged" in page
    taken = client.get(f"{address}file/")
    entry = AuditEntry.objects.get(action="campaign.take-numbers")
    assert (entry.object_key, entry.detail["rows"]["contacts"]) == (NAME, 3)
    with zipfile.ZipFile(io.BytesIO(taken.content)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest["files"] == {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()}
    assert (manifest["facts"]["contacts"]["rows_then"], manifest["facts"]["contacts"]["rows_now"]) == (3, 2)
    assert "definitions/metrics/leads.yaml" in files
    said = {row["Metric"]: row for row in csv.DictReader(io.StringIO(files["numbers.csv"].decode("utf-8-sig")))}
    assert (said["campaign-cost"]["Currency"], said["leads"]["Currency"]) == ("EUR", "")
    assert len(files["facts/contacts.csv"].decode().splitlines()) == 3
    assert b"@" not in b"".join(raw for name, raw in files.items() if name.startswith("facts/"))
    assert client.get("/campaigns/nowhere/archive/numbers/").status_code == 404
    assert client.get("/campaigns/nowhere/archive/numbers/file/").status_code == 404


def test_interface_gives_them_and_counts_them_again(kept: ArchivedNumbers, client: Client) -> None:
    said: dict[str, Any] = call(client, f"/api/v1/archived-numbers?campaign={NAME}")
    (one,) = said["results"]
    assert (one["campaign"], one["digest"]) == (NAME, kept.digest)
    made = call(client, f"/api/v1/archived-numbers/{one['id']}/reproduction")
    assert (made["is_equal"], made["differences"]) == (True, [])
    assert CampaignArchive.objects.count() == 1


def call(client: Client, address: str) -> dict[str, Any]:
    ana = User.objects.get(username="ana")
    _, text = tokens.create(user=ana, scopes=["results:read"], by="tests", at=clock.now())
    answer = client.get(address, headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body
