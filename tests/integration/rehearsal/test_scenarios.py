"""Scenarios of the workspace: kept like every definition, and played on the demo."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone

from martechops.people.actions import tokens
from martechops.people.models import Role, Team, User
from workflows.actions import definitions
from workflows.models import Activation, Contact, Scenario, Source, Workflow
from workflows.rehearsal import ground, versions
from workflows.rehearsal.fuzzing import Budget, look

from .conftest import AT, settle

WHEN = [{"begins": True}]
THEN = [{"done": "welcome", "times": 1}, {"holds": "everything"}]


def scenario(**said: Any) -> Scenario:
    parts = {"given": {"lead": "willing"}, "when": WHEN, "then": THEN} | said
    row = Scenario(key="asks-once", name="Somebody asks once", owner=Team.objects.get(key="marketing-ops"), **parts)
    return definitions.save(row, by="test", at=AT)


def command(name: str, *args: str) -> tuple[str, int]:
    out = StringIO()
    try:
        call_command(name, *args, stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(str(end.code))
    return out.getvalue(), 0


@pytest.mark.requirement("G6")
def test_scenarios_of_the_guide_hold_of_every_workflow_of_the_demo(demo: Source) -> None:
    said, status = command("scenarios", "--json")
    found = {one["workflow"]: one["trials"] for one in json.loads(said)}
    failed = {
        (key, trial["scenario"]): trial["failures"]
        for key, trials in found.items()
        for trial in trials
        if trial["failures"]
    }
    assert failed == {}
    assert status == 0
    assert {trial["scenario"] for trial in found["demo-request-nurture"]} == {
        "incomplete-ad-lead",
        "quick-stage-moves",
        "unsubscribe-then-return",
    }


@pytest.mark.requirement("G6")
def test_scenario_of_a_workflow_is_played_on_it_alone_and_says_what_is_not_as_expected(demo: Source) -> None:
    workflow = Workflow.objects.get(key="demo-request-nurture")
    row = scenario(workflow=workflow)
    said, status = command("scenarios", "--workflow", workflow.key)
    assert (status, f"holds  {row.key}" in said) == (0, True)
    row.then = [{"done": "welcome", "times": 0}]
    definitions.save(row, by="test", at=AT)
    said, status = command("scenarios", "--workflow", workflow.key)
    assert status == 1
    assert "then[0]: expected welcome never, was done on" in said
    for other in Workflow.objects.exclude(pk=workflow.pk).filter(map_only=False):
        version = versions.newest(other)
        assert version is None or row.key not in [one.scenario.key for one in versions.tried(version).trials]


def test_what_cannot_be_played_is_refused_at_its_field(demo: Source) -> None:
    with pytest.raises(ValidationError) as caught:
        scenario(when=[{"event": "Demo Requested", "after": "soon"}], then=[])
    assert set(caught.value.message_dict) == {"when", "then"}
    assert "[0].after 'soon' is not a span of time" in caught.value.message_dict["when"][0]


def test_fuzzer_finds_the_same_with_the_same_seed_and_keeps_it_as_files(
    demo: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    activation = Activation.objects.select_related("version__workflow").get(
        until=None, workflow__key="demo-request-nurture"
    )
    found = ground.of(activation.version)
    one, other = (look(found, seed=3, budget=Budget(stories=150)) for _ in range(2))
    assert (one.told, one.findings) == (other.told, other.findings)
    said, status = command("fuzz", "demo-request-nurture", "--stories", "100", "--save", str(tmp_path))
    assert "stories (" in said
    assert status == (1 if list(tmp_path.glob("*.yaml")) else 0)


def test_scenario_file_is_applied_behind_its_workflow_and_told_at_its_line_when_it_is_wrong(
    demo: Source, tmp_path: Path
) -> None:
    file = tmp_path / "scenarios" / "asks-once.yaml"
    file.parent.mkdir()
    text = (
        "kind: scenario\nkey: asks-once\nname: Asks once\nowner: marketing-ops\nworkflow: demo-request-nurture\n"
        "given: {lead: willing}\nwhen:\n  - begins: true\nthen:\n  - done: welcome\n"
    )
    file.write_text(text.replace("done: welcome", "done: welcome\n    times: -1"))
    with pytest.raises(CommandError, match=r"asks-once.yaml:11.*then\[0\]"):
        call_command("apply", str(tmp_path), stdout=StringIO())
    file.write_text(text)
    call_command("apply", str(tmp_path), stdout=StringIO())
    row = Scenario.objects.get(key="asks-once")
    assert (row.workflow.key if row.workflow else None, row.then) == ("demo-request-nurture", [{"done": "welcome"}])


def test_results_by_interface_are_those_of_the_command(demo: Source) -> None:
    admin = User.objects.create_user("root", roles=[Role.ADMIN])
    _, token = tokens.create(user=admin, scopes=["definitions:read"], by="tests", at=timezone.now())
    client = Client(headers={"Authorization": f"Bearer {token}"})
    answer = client.get("/api/v1/scenarios/results?workflow=demo-request-nurture").json()
    said, _ = command("scenarios", "--workflow", "demo-request-nurture", "--json")
    assert [one["scenario"] for one in answer["trials"]] == [one["scenario"] for one in json.loads(said)[0]["trials"]]
    assert {one["verdict"] for one in answer["trials"]} == {"holds"}
    assert client.get("/api/v1/scenarios/results?workflow=nothing").status_code == 400


@pytest.fixture
def ana(demo: Source) -> Client:
    user = User.objects.create_user("ana-of-ops", roles=[Role.MARKETER])
    user.teams.add(Team.objects.get(key="marketing-ops"))
    client = Client()
    client.force_login(user)
    return client


def test_bench_shows_a_story_as_far_as_the_clock_stands(ana: Client) -> None:
    address = "/workflows/demo-request-nurture/test-bench/?scenario=unsubscribe-then-return"
    asked = {"HX-Request": "true"}
    first, last = (ana.get(f"{address}&at={at}", headers=asked).content.decode() for at in (0, 99))
    assert "comes with the product" in first
    assert "consent for email is denied" not in first.lower()
    assert "consent for email is denied" in last.lower()


def test_finding_is_kept_as_a_scenario_of_the_workflow_by_who_owns_it(ana: Client) -> None:
    story = {
        "key": "found",
        "name": "Found",
        "given": {"lead": "willing"},
        "when": WHEN,
        "then": [{"holds": "consent"}],
    }
    for _ in range(2):
        ana.post("/workflows/demo-request-nurture/test-bench/save/", {"document": json.dumps(story)})
    kept = Scenario.objects.filter(workflow__key="demo-request-nurture").order_by("key")
    assert [row.key for row in kept] == ["demo-request-nurture-found", "demo-request-nurture-found-2"]
    ana.post("/workflows/demo-request-nurture/test-bench/save/", {"document": "{"})
    assert kept.count() == 2


@pytest.mark.requirement("G6")
def test_history_of_a_contact_is_kept_without_anything_that_says_who_it_is(
    ana: Client, request_demo: Callable[..., Any]
) -> None:
    request_demo("kim.odd@brightwater.example", first_name="Kim", company="Brightwater", company_size=300)
    settle()
    contact = Contact.objects.get(email="kim.odd@brightwater.example")
    ana.post(f"/contacts/{contact.pk}/scenario/", {"workflow": "demo-request-nurture"})
    row = Scenario.objects.get(key__startswith="recorded-")
    text = json.dumps([row.given, row.when, row.then, row.name, row.says]).lower()
    assert not [word for word in ("kim", "odd", "brightwater") if word in text]
    assert row.when[0]["event"] == "Demo Requested"
    assert row.when[0]["properties"]["form_id"] == "demo"
    said, status = command("scenarios", "--workflow", "demo-request-nurture")
    assert (status, f"holds  {row.key}" in said) == (0, True)
