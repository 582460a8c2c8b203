"""The whole format of workflow files: every key is read into its place, and what does not fit is said there."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from workflows.engine.action_kinds import ACTIONS
from workflows.engine.parse import attempt, parse
from workflows.engine.parse.beginnings import _KINDS as _TRIGGERS
from workflows.engine.parse.guarding import _GUARDS
from workflows.engine.required_parts import REQUIRED_PARTS, missing
from workflows.engine.spec import TYPES, Approve, Handoff, Share, Spec

from .test_parse import one_step, problems

FULL: dict[str, Any] = {
    "kind": "workflow",
    "key": "full",
    "name": "Full",
    "type": "routing",
    "owner": "ops",
    "subject": "contact",
    "description": "Everything at once.",
    "priority": 90,
    "limits": {"at_most": 1000, "per": "1 day"},
    "success": [
        {
            "key": "fast",
            "says": "Routed in a day",
            "from": "entry",
            "to": {"step": "assign"},
            "within": "1 business day",
            "share": 0.9,
        },
        {"says": "Many meetings", "metric": "meetings", "at_least": 20, "per": "1 week"},
    ],
    "trigger": {"stage": ["mql", "sql"], "where": {"contact.score": {"$gte": 10}}},
    "entry": {"key": ["contact", "event.properties.to"], "again": {"at_most": 2, "per": "30 days"}},
    "steps": [
        {
            "key": "greet",
            "stage": "engage",
            "system": "email",
            "action": "send_message",
            "with": {"template": "welcome"},
            "serves": ["fast"],
            "marks": ["enters"],
            "note": "By hand until May.",
            "guards": {
                "require": ["contact.email"],
                "valid": ["email", "crm_id"],
                "consent": {"channel": "email", "purpose": "news"},
                "once_per": {"per": "30 days"},
                "limit": {"at_most": 2, "per": "7 days"},
                "window": {"days": "mon-fri", "from": "09:00", "to": "18:00", "timezone": "contact"},
                "approval": True,
            },
        },
        {"key": "pause", "wait": {"for": "4 business hours"}},
        {"key": "hear", "wait": {"for": "2 days", "until": {"event": "Booked", "where": {"contact.a": 1}}}},
        {"key": "near", "wait": {"until": {"date": "contact.renewal_on", "before": "2 days"}, "for": "90 days"}},
        {"key": "arms", "split": [{"share": 30, "go": "ask"}, {"share": 70, "go": "assign"}]},
        {"key": "ask", "approve": {"team": "sales", "within": "1 day", "else": "end", "says": "Shall we?"}},
        {"key": "pass", "handoff": {"to": "support", "payload": ["contact.email"], "within": "1 day", "accept": True}},
        {
            "key": "assign",
            "system": "crm",
            "action": "assign_owner",
            "with": {"by": "round_robin", "queue": "inbound", "timeout": "2 business hours", "else": "last"},
        },
        {"key": "last", "stop": "nobody was free"},
    ],
}


def test_every_key_is_read_into_its_place() -> None:
    spec = parse(FULL)
    greet, pause, hear, near, arms, ask, passed, assign, _last = spec.steps
    assert (spec.subject, spec.priority, spec.limits and spec.limits.at_most) == ("contact", 90, 1000)
    fast, many = spec.success
    assert (fast.key, str(fast.begins), str(fast.ends), str(fast.within), fast.share) == (
        "fast",
        "entry",
        "step assign",
        "1 business day",
        0.9,
    )
    assert (many.key, many.metric, many.at_least, many.is_measurable) == ("criterion-2", "meetings", 20, True)
    assert (spec.entry.key, str(spec.entry.again and spec.entry.again.per)) == (("event.properties.to",), "30 days")
    guards = greet.guards
    assert (guards.valid, str(guards.consent), str(guards.once_per)) == (
        ("email", "crm_id"),
        "email for news",
        "contact in 30 days",
    )
    assert guards.window
    assert (sorted(guards.window.days), guards.window.opens.hour, guards.approval) == ([0, 1, 2, 3, 4], 9, "")
    assert (greet.serves, greet.marks, greet.note) == (("fast",), ("enters",), "By hand until May.")
    assert [step.wait.says() for step in (pause, hear, near) if step.wait] == [
        "4 business hours",
        "2 days, or until Booked",
        "until 2 days before contact.renewal_on, at most 90 days",
    ]
    assert hear.wait
    assert hear.wait.where
    assert arms.shares == (Share(30, "ask"), Share(70, "assign"))
    assert isinstance(ask.approve, Approve)
    assert (ask.approve.team, ask.approve.otherwise, ask.approve.question) == ("sales", "end", "Shall we?")
    assert isinstance(passed.handoff, Handoff)
    assert (passed.handoff.to, passed.handoff.payload, passed.handoff.accept) == ("support", ("contact.email",), True)
    assert assign.ways == ("last",)


@pytest.mark.requirement("A2")
@pytest.mark.parametrize(
    ("trigger", "event", "other"),
    [
        ({"event": ["A", "B"]}, ("B", {}), ("C", {})),
        ({"segment": "big"}, ("$segment_entered", {"segment": "big"}), ("$segment_left", {"segment": "big"})),
        ({"segment": "big", "on": "leave"}, ("$segment_left", {"segment": "big"}), ("$segment_left", {"segment": "x"})),
        ({"segment": "big", True: "leave"}, ("$segment_left", {"segment": "big"}), ("$segment_left", {})),
        ({"stage": "mql"}, ("$stage_changed", {"from": "lead", "to": "mql"}), ("$stage_changed", {"to": "sql"})),
        ({"field": "size"}, ("$field_changed", {"field": "size"}), ("$field_changed", {"field": "name"})),
        ({"schedule": "0 9 * * mon"}, ("$schedule", {"workflow": "w"}), ("$schedule", {"workflow": "v"})),
        ({"handoff": "sales"}, ("$handoff", {"team": "sales"}), ("$handoff", {"team": "support"})),
    ],
)
def test_trigger_listens_to_what_is_written(
    trigger: dict[Any, Any], event: tuple[str, dict[str, Any]], other: tuple[str, dict[str, Any]]
) -> None:
    found = parse(one_step(stop="x") | {"trigger": trigger}).trigger
    assert found
    assert found.matches({"name": event[0], "properties": event[1]})
    assert not found.matches({"name": other[0], "properties": other[1]})
    assert found.says()


@pytest.mark.parametrize(
    ("part", "place"),
    [
        ({"trigger": {"event": "$stage_changed"}}, "trigger.event"),
        ({"trigger": {"event": "A", "stage": "mql"}}, "trigger.stage"),
        ({"trigger": {"stage": []}}, "trigger.stage"),
        ({"trigger": {"where": {"contact.a": 1}}}, "trigger.event"),
        ({"trigger": {"segment": "big", "on": "sight"}}, "trigger.on"),
        ({"trigger": {"schedule": "9 o'clock"}}, "trigger.schedule"),
        ({"trigger": {"schedule": "0 25 * * *"}}, "trigger.schedule"),
        ({"trigger": {"schedule": "0 9 * * *", "timezone": "Mars/Base"}}, "trigger.timezone"),
        ({"trigger": {"content": ["approved"]}}, "subject"),
        ({"subject": "deal"}, "subject"),
        ({"priority": 101}, "priority"),
        ({"limits": {"at_most": 5}}, "limits"),
        ({"limits": {"at_most": 5, "per": "1 business day"}}, "limits.per"),
        ({"entry": {"key": ["event.properties.x"]}}, "entry.key"),
        ({"entry": {"key": ["contact", "product"]}}, "entry.key"),
        ({"entry": {"again": {"per": "30 days"}}}, "entry.again.at_most"),
        ({"success": [{"says": "x", "share": 95}]}, "success[0].share"),
        ({"success": [{"says": "x", "from": {"mood": "good"}}]}, "success[0].from"),
        ({"success": [{"says": "x", "to": {"entry": True}}]}, "success[0].to"),
        ({"success": [{"key": "a", "says": "x"}, {"key": "a", "says": "y"}]}, "success[1].key"),
    ],
)
def test_wrong_part_is_said_at_its_place(part: dict[str, Any], place: str) -> None:
    assert place in problems(one_step(stop="x") | part)


MESSAGE = {"action": "send_message", "system": "email", "with": {"template": "t"}}


@pytest.mark.parametrize(
    ("step", "place"),
    [
        ({"wait": {"until": {"date": "contact.on", "before": "1 day", "after": "1 day"}}}, "wait.until.after"),
        ({"wait": {"until": {"date": "tomorrow"}}}, "wait.until.date"),
        ({"wait": {"for": "1 day", "until": {"where": {"contact.a": 1}}}}, "wait.until.event"),
        ({"wait": {"for": "2 business weeks"}}, "wait.for"),
        ({"wait": {"for": "1 day"}, "action": "set_field"}, "action"),
        ({"split": [{"share": 60, "go": "end"}, {"share": 60, "go": "end"}]}, "split"),
        ({"split": [{"share": 100, "go": "back"}]}, "split[0].go"),
        ({"split": []}, "split"),
        ({"approve": {"within": "1 day"}}, "approve.team"),
        ({"approve": {"team": "x", "else": "one"}}, "approve.else"),
        ({"handoff": {"to": "x", "else": "end"}}, "handoff.else"),
        ({"handoff": {"to": "x", "payload": {"a": 1}}}, "handoff.payload"),
        ({"stop": "x", "serves": ["nothing"]}, "serves"),
        ({"stop": "x", "marks": ["exits"]}, "marks"),
        (MESSAGE | {"guards": {"valid": ["phone"]}}, "guards.valid"),
        (MESSAGE | {"guards": {"consent": {"purpose": "news"}}}, "guards.consent.channel"),
        (MESSAGE | {"guards": {"once_per": "day"}}, "guards.once_per"),
        (MESSAGE | {"guards": {"window": {"from": "9", "to": "18:00"}}}, "guards.window.from"),
        (MESSAGE | {"guards": {"window": {"from": "09:00", "to": "09:00"}}}, "guards.window.to"),
        (MESSAGE | {"guards": {"window": {"from": "09:00", "to": "10:00", "days": "moonday"}}}, "guards.window.days"),
        (MESSAGE | {"guards": {"window": {"from": "09:00", "to": "10:00", "timezone": "X"}}}, "guards.window.timezone"),
        ({"action": "assign_owner", "system": "crm", "with": {"by": "round_robin"}}, "with.queue"),
        ({"action": "assign_owner", "system": "crm", "with": {"by": "luck"}}, "with.by"),
        (
            {"action": "assign_owner", "system": "crm", "with": {"by": "account_owner", "else": "nowhere"}},
            "with.else",
        ),
        ({"action": "publish_content", "system": "cms", "with": {"channels": ["blog"]}}, "action"),
        ({"action": "find_duplicates", "with": {"fields": []}}, "with.fields"),
        ({"action": "record_conversion", "with": {"name": "n", "value": "many"}}, "with.value"),
        ({"action": "set_field", "with": {"field": "f", "value": [1]}}, "with.value"),
    ],
)
def test_wrong_step_of_the_whole_format_is_said_at_its_place(step: dict[str, Any], place: str) -> None:
    assert f"steps[0].{place}" in problems(one_step(**step))


def test_half_a_workflow_can_be_read_for_those_who_are_still_writing_it() -> None:
    found = attempt(FULL | {"steps": [{"key": "a", "wait": {}}, {"key": "b", "action": "send_message"}, 7]})
    assert [step.kind for step in found.spec.steps] == ["wait", "act", "stop"]
    assert {path for path, _ in found.problems} >= {"steps[0].wait.for", "steps[1].with.template", "steps[2]"}
    assert found.spec.success[0].key == "fast"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
PLACES = ("key", "trigger", "entry", "success", "steps", "limits", "subject", "type", "priority")
STEP_KEYS = [
    "key",
    "wait",
    "choose",
    "split",
    "approve",
    "handoff",
    "stop",
    "action",
    "with",
    "guards",
    "when",
    "after",
]


@given(
    part=st.sampled_from(PLACES),
    junk=JSON,
    step=st.dictionaries(st.sampled_from(STEP_KEYS), JSON, max_size=5),
    guards=st.dictionaries(st.sampled_from(["require", "valid", "consent", "once_per", "limit", "window"]), JSON),
)
def test_reading_never_falls_over_whatever_is_written(
    part: str, junk: object, step: dict[str, object], guards: object
) -> None:
    message = MESSAGE | {"key": "m", "guards": guards}
    found = attempt(FULL | {"steps": [step, message]} | {part: junk})
    assert isinstance(found.spec, Spec)
    assert isinstance(attempt(junk).spec, Spec)


@pytest.mark.requirement("A9")
@pytest.mark.parametrize("type_", TYPES)
def test_each_type_says_what_it_must_hold(type_: str) -> None:
    bare = attempt(one_step(stop="x") | {"type": type_, "trigger": None}).spec
    parts = missing(bare)
    assert parts
    for part in REQUIRED_PARTS[type_]:
        assert all(offer in ACTIONS or offer in ("wait", "approve", "handoff") for offer in part.offers)
    assert missing(attempt(one_step(stop="x") | {"type": type_, "map_only": True}).spec) == ()


def test_a_whole_routing_workflow_misses_nothing() -> None:
    assert missing(parse(FULL)) == ()


def test_file_names_who_must_agree_and_which_findings_may_stand() -> None:
    ignored = {"code": "MEA003", "step": "greet", "because": "the law asks for it"}
    assert parse(FULL | {"approvers": ["ops"], "lint": {"ignore": [ignored]}}).approvers == ("ops",)
    assert problems(FULL | {"lint": {"ignore": [{"because": "so"}, "MEA003"]}}) == {
        "lint.ignore[0].code": "is missing",
        "lint.ignore[1]": "must say which finding may stand, and why: {code: …, because: …}",
    }


PAGE = (Path(__file__).parents[3] / "docs" / "workflow-files.md").read_text()


def test_examples_of_the_page_on_workflows_are_what_the_parser_takes() -> None:
    whole, *parts = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    spec = parse(yaml.safe_load(whole))
    assert missing(spec) == ()
    entry, *steps = parts
    parse(one_step(stop="x") | yaml.safe_load(entry))
    later = [{"key": key, "stop": "x"} for key in ("big", "short-sequence", "long-sequence")]
    count = 0
    for part in steps:
        for piece in re.split(r"\n(?=[a-z])", part.strip()):
            step = {"key": "one", **(MESSAGE if piece.startswith("guards") else {}), **yaml.safe_load(piece)}
            parse(one_step(stop="x") | {"steps": [step, *later]})
            count += 1
    assert count == 8  # three waits, choose, split, approve, handoff, guards


def test_page_on_workflows_lists_every_action_trigger_guard_and_kind_of_step() -> None:
    named = {*ACTIONS, *TYPES, *_GUARDS, *_TRIGGERS, "choose", "split", "wait", "stop", "serves", "marks", "limits"}
    assert {name for name in named if not re.search(rf"\b{name}\b", PAGE)} == set()
