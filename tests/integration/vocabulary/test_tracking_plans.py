"""The event catalog is given out and taken in, all of it or nothing."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from martechops.people.models import User
from workflows.actions import tracking_plans
from workflows.models import DefinitionVersion, EventType

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("F5")]


@pytest.fixture(autouse=True)
def demo(demo_of_monday: None, db: None) -> None:
    pass


@pytest.mark.parametrize("form", ["segment", "json-schema"])
def test_catalog_goes_out_and_comes_back_the_same(form: str, tmp_path: Path) -> None:
    before, file, out = tracking_plans.planned(), tmp_path / "plan.json", StringIO()
    call_command("export_event_types", format=form, stdout=out)
    file.write_text(out.getvalue())
    versions = DefinitionVersion.objects.count()
    said = StringIO()
    call_command("import_event_types", str(file), owner="analytics", stdout=said)
    assert said.getvalue() == f"0 added, 0 changed, {len(before)} as they were.\n"
    assert (tracking_plans.planned(), DefinitionVersion.objects.count()) == (before, versions)


def test_new_events_are_drafts_and_a_bad_one_takes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({"Price List Wanted": {"type": "object"}, "Bad": {"$ref": "https://example.com/"}}))
    with pytest.raises(CommandError, match="another document"):
        call_command("import_event_types", str(file), owner="analytics")
    assert not EventType.objects.filter(name="Price List Wanted").exists()
    file.write_text(json.dumps({"Price List Wanted": {"type": "object", "description": "Wants a price."}}))
    call_command("import_event_types", str(file), owner="analytics", stdout=StringIO())
    made = EventType.objects.get(name="Price List Wanted")
    assert (made.status, made.meaning, made.owner.key) == ("draft", "Wants a price.", "analytics")


def test_plan_is_given_out_and_taken_in_on_its_page(client: Client) -> None:
    client.force_login(User.objects.get(username="ana"))
    given = client.get("/vocabulary/event-type/plan/?form=segment").content
    plan = given.replace(b"Somebody asked for a demo", b"Somebody wants a demo")
    file = SimpleUploadedFile("plan.json", plan, content_type="application/json")
    said = client.post("/vocabulary/event-type/plan/", {"file": file, "owner": "marketing-ops"}, follow=True)
    assert f"0 added, 1 changed, {EventType.objects.count() - 1} as they were." in said.content.decode()
    bad = SimpleUploadedFile("plan.json", b"{", content_type="application/json")
    said = client.post("/vocabulary/event-type/plan/", {"file": bad, "owner": "marketing-ops"}, follow=True)
    assert "Nothing was taken" in said.content.decode()
