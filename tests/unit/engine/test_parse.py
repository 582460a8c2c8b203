"""Workflow files: what is accepted, and that all that is wrong is said at once with its place."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from workflows.engine.parse import BadSpec, parse

DEMO = Path(__file__).parents[3] / "campaigns" / "demo" / "workflows"


def problems(document: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(BadSpec) as refused:
        parse(document)
    return dict(refused.value.problems)


def one_step(**step: Any) -> dict[str, Any]:
    return {
        "key": "w",
        "name": "W",
        "type": "nurture",
        "owner": "ops",
        "trigger": {"event": "Asked"},
        "steps": [{"key": "one"} | step],
    }


@pytest.mark.requirement("H1")
@pytest.mark.parametrize("path", sorted(DEMO.glob("*.yaml")), ids=lambda path: path.stem)
def test_demo_workflows_are_accepted(path: Path) -> None:
    spec = parse(yaml.safe_load(path.read_text()))
    assert spec.steps


@pytest.mark.requirement("B3")
def test_demo_target_fills_six_fields_in_every_step() -> None:
    spec = parse(yaml.safe_load((DEMO / "demo-request-nurture.yaml").read_text()))
    for step in spec.steps:
        does = step.action or step.wait or step.branches or step.reason
        assert all((step.stage, step.trigger, step.system, does, step.owner, step.output)), step.key


@pytest.mark.requirement("D1")
def test_risk_is_computed_and_only_ever_raised_by_hand() -> None:
    spec = parse(one_step(action="create_task", system="crm", risk="low", **{"with": {"queue": "q", "title": "t"}}))
    assert spec.risk == "high"
    spec = parse(one_step(action="set_field", risk="high", **{"with": {"field": "f", "value": 1}}))
    assert spec.risk == "high"


def test_everything_that_is_wrong_is_said_at_once() -> None:
    document = one_step(action="send_message", guards={"limit": {"at_most": 0}, "mood": "good"}, colour="red")
    document |= {"type": "party", "entry": {"again": {"after": "soon"}}}
    del document["trigger"]
    assert set(problems(document)) == {
        "type",
        "trigger",
        "entry.again.after",
        "steps[0].colour",
        "steps[0].with.template",
        "steps[0].guards.mood",
        "steps[0].guards.limit",
        "steps[0].guards.limit.at_most",
        "steps[0].system",
    }


@pytest.mark.parametrize(
    ("step", "place"),
    [
        ({"action": "dance"}, "steps[0].action"),
        ({}, "steps[0].action"),
        ({"wait": {"until": {"event": "X"}}}, "steps[0].wait.for"),
        ({"wait": {"for": "2 fortnights"}}, "steps[0].wait.for"),
        ({"choose": [{"else": "nowhere"}]}, "steps[0].choose[0]"),
        ({"choose": [{"else": "one"}]}, "steps[0].choose[0]"),  # backwards
        ({"choose": [{"when": {"contact.a": 1}, "go": "end"}]}, "steps[0].choose"),
        ({"stop": ""}, "steps[0].stop"),
        ({"stop": "x", "when": {"contact.a": {"$near": 1}}}, "steps[0].when.contact.a"),
        ({"action": "set_field", "with": []}, "steps[0].with"),
    ],
)
def test_wrong_step_is_said_at_its_place(step: dict[str, Any], place: str) -> None:
    assert place in problems(one_step(**step))


def test_two_steps_cannot_share_a_key() -> None:
    document = one_step(stop="x")
    document["steps"] *= 2
    assert problems(document) == {"steps[1].key": "one is taken by steps[0]"}


def test_map_of_the_current_state_may_name_any_action_and_no_trigger() -> None:
    document = one_step(action="write it on the wall", after=[])
    del document["trigger"]
    assert parse(document | {"map_only": True}).steps[0].after == ()
