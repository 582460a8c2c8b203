"""Scenarios of the workspace: kept like every definition, and played on the demo."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command

from martechops.people.models import Team
from workflows.actions import definitions
from workflows.models import Activation, Scenario, Source, Workflow
from workflows.rehearsal import ground, versions
from workflows.rehearsal.fuzzing import Budget, look

from .conftest import AT

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
