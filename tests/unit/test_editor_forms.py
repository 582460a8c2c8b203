"""What the editor's forms make of a workflow: nothing that nobody touched, and every feature of the format."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.http import QueryDict

from workflows.engine.action_kinds import ACTIONS
from workflows.engine.conditions import FieldType
from workflows.engine.edits import CannotEdit
from workflows.engine.parse import attempt
from workflows.engine.skeletons import skeleton
from workflows.engine.spec import TYPES
from workflows.forms import rules, step_form, workflow_form
from workflows.forms.builder_page import ShownGroup, shown
from workflows.forms.changes import FillIn, edit_of, new_step
from workflows.forms.condition_builder import Group, from_document
from workflows.forms.controls import KINDS, Control, filled_in, put, value_at

FIELDS = {
    "contact.score": FieldType("number", label="Score"),
    "contact.lifecycle_stage": FieldType(
        "picklist", allowed=("lead", "mql", "sql", "opportunity", "customer"), label="Lifecycle stage"
    ),
    "contact.company_size": FieldType("number", label="Company size"),
    "contact.consent.email": FieldType("consent", allowed=("granted", "denied"), label="Consent to e-mail"),
    "event.properties.form_id": FieldType("text", label="Event: form id"),
}
FILES = sorted(Path("campaigns/demo/workflows").glob("*.yaml"))
#: Everything that the format can say of one workflow.
EVERYTHING: dict[str, Any] = {
    "kind": "workflow",
    "key": "all",
    "name": "All",
    "type": "routing",
    "owner": "ops",
    "subject": "contact",
    "description": "Two lines\nof text",
    "priority": 70,
    "limits": {"at_most": 100, "per": "1 hour"},
    "approvers": ["ops", "legal"],
    "lint": {"ignore": [{"code": "E101", "step": "act", "because": "for now"}]},
    "success": [
        {
            "key": "fast",
            "says": "Fast",
            "from": "entry",
            "to": {"step": "act"},
            "within": "4 business hours",
            "share": 0.9,
        },
        {"says": "Many", "metric": "conversions", "at_least": 5, "per": "1 week"},
        {"says": "Stage", "from": {"event": "Demo Requested"}, "to": {"stage": "mql"}, "within": "2 days"},
    ],
    "trigger": {"event": ["Demo Requested", "Trial Started"], "where": {"contact.score": {"$gte": 3}}},
    "entry": {
        "key": ["contact", "event.properties.product"],
        "when": {"contact.lifecycle_stage": "lead"},
        "again": {"after": "30 days", "at_most": 3, "per": "90 days", "overlapping": False},
    },
    "steps": [
        {
            "key": "act",
            "name": "Act",
            "stage": "capture",
            "trigger": "form",
            "system": "crm",
            "action": "create_task",
            "with": {"queue": "q", "title": "Call {{ contact.first_name }}", "due": "1 business day", "for": "sales"},
            "when": {"$or": [{"contact.score": 1}, {"contact.score": 2}]},
            "guards": {
                "require": ["contact.score"],
                "valid": ["email", "crm_id"],
                "consent": {"channel": "email", "purpose": "offers"},
                "once_per": {"per": "30 days"},
                "limit": {"at_most": 2, "per": "7 days"},
                "window": {"days": "mon-fri", "from": "09:00", "to": "18:00", "timezone": "contact"},
                "approval": True,
            },
            "owner": "ops",
            "output": "done",
            "risk": "high",
            "expected": "5 minutes",
            "serves": ["fast"],
            "marks": ["enters", "leaves-to-sales"],
            "note": "A note",
        },
        {"key": "assign", "action": "assign_owner", "with": {"by": "territory", "table": "t", "else": "end"}},
        {"key": "hook", "action": "call_webhook", "with": {"path": "/x", "body": {"a": "contact.email", "b": "two"}}},
        {"key": "clean", "action": "normalise_fields", "with": {"fields": ["score"]}},
        {"key": "publish", "action": "publish_content", "with": {"channels": ["blog", "mail"]}},
        {"key": "count", "action": "record_conversion", "with": {"name": "Sale", "value": 12.5}},
        {"key": "stage", "action": "set_stage", "with": {"stage": "mql", "backwards": True}},
        {
            "key": "once",
            "action": "send_message",
            "with": {"template": "t"},
            "guards": {"once_per": "contact", "approval": "legal"},
        },
        {"key": "wait", "wait": {"for": "2 days", "until": {"event": "Booked", "where": {"contact.score": 1}}}},
        {"key": "date", "wait": {"until": {"date": "contact.ends_on", "before": "3 days"}}},
        {"key": "ways", "choose": [{"when": {"contact.score": 5}, "go": "halves"}, {"else": "end"}]},
        {"key": "halves", "split": [{"share": 30, "go": "ask"}, {"share": 70, "go": "end"}]},
        {"key": "ask", "approve": {"team": "ops", "within": "1 business day", "else": "end", "says": "Really?"}},
        {"key": "hand", "handoff": {"to": "sales", "payload": ["contact.score"], "within": "1 day", "accept": True}},
        {"key": "stop", "stop": "no more", "when": {"contact.score": 0}},
    ],
}


def as_shown(document: Any, controls: Sequence[Control], **more: str) -> QueryDict:
    """What a browser sends if nobody touches anything."""
    data = QueryDict(mutable=True)
    for control in controls:
        data.appendlist("shown", control.name)
        if control.kind == "rule":
            show_rule(data, rules.root_of(control), value_at(document, control.path))
            continue
        for ending, texts in KINDS[control.kind].show(value_at(document, control.path)).items():
            data.setlist(control.name + ending, [text.replace("\n", "\r\n") for text in texts])
    for name, value in more.items():
        data[name] = value
    return data


def show_rule(data: QueryDict, root: str, rule: Any) -> None:
    group = from_document(rule, FIELDS) if isinstance(rule, dict) else Group()

    def fill(one: ShownGroup) -> None:
        data[f"{one.name}.group"] = one.kind
        for member in one.members:
            if isinstance(member, ShownGroup):
                fill(member)
                continue
            data[f"{member.name}.field"], data[f"{member.name}.operator"] = member.path, member.operator
            data[f"{member.name}.unit"] = member.unit
            data.setlist(f"{member.name}.value", member.chosen)

    fill(shown(group, FIELDS, root=root).root)


def documents() -> list[dict[str, Any]]:
    return [*(yaml.safe_load(path.read_text()) for path in FILES), EVERYTHING]


def test_the_example_of_everything_is_sound() -> None:
    wrong = {path for path, _ in attempt(EVERYTHING).problems if not path.endswith(".system")}
    assert wrong <= {"steps[4].action"}  # publishing is for content, and stands here for its list of channels


@pytest.mark.parametrize("document", documents(), ids=lambda document: str(document["key"]))
def test_what_nobody_touched_stays_exactly_as_it_was(document: dict[str, Any]) -> None:
    sent = as_shown(document, workflow_form.controls(document))
    sent["trigger.kind"] = workflow_form.trigger_kind(document)
    assert FillIn(None, sent, FIELDS).apply(document) == document
    for step in document["steps"]:
        controls = step_form.controls(step, map_only=bool(document.get("map_only")))
        sent = as_shown(step, controls, key=step["key"])
        assert FillIn(step["key"], sent, FIELDS).apply(document) == document


@pytest.mark.parametrize("document", documents(), ids=lambda document: str(document["key"]))
def test_every_value_of_the_format_has_a_control(document: dict[str, Any]) -> None:
    map_only = bool(document.get("map_only"))
    own = {**document, "steps": None, "kind": None, "key": None}
    assert uncovered(own, workflow_form.controls(document)) == []
    for step in document["steps"]:
        assert uncovered(step, step_form.controls(step, map_only=map_only)) == []


def uncovered(document: Any, controls: Sequence[Control]) -> list[str]:
    """Paths of values that lie below no control."""
    names = [control.name for control in controls]

    def walk(value: Any, path: str) -> list[str]:
        if path in names or value is None:
            return []
        inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
        if inside is None:
            return [path]
        return [found for key, one in inside for found in walk(one, f"{path}.{key}" if path else str(key))]

    return walk(document, "")


def test_every_argument_of_every_action_has_a_control() -> None:
    for key, action in ACTIONS.items():
        names = {control.name for control in step_form.controls({"key": "a", "action": key})}
        assert {f"with.{name}" for name in action.arguments} <= names


@pytest.mark.parametrize(
    ("kind", "sent", "value"),
    [
        ("text", {"": "a"}, "a"),
        ("number", {"": "3"}, 3),
        ("number", {"": "0.95"}, 0.95),
        ("number", {"": "many"}, "many"),
        ("single", {"": "true"}, True),
        ("yes_no", {"": "no"}, False),
        ("span", {"": "1", ".unit": "business day"}, "1 business day"),
        ("span", {"": "2", ".unit": "week"}, "2 weeks"),
        ("span", {"": "soon", ".unit": "day"}, "soon"),
        ("texts", {"": "blog,  mail"}, ["blog", "mail"]),
        ("picks", {"": "a", ".add": "b"}, ["a", "b"]),
        ("one_or_many", {".add": "b"}, "b"),
        ("fields", {"": "a: contact.email\nb: two: three"}, {"a": "contact.email", "b": "two: three"}),
        ("consent", {"": "email"}, "email"),
        ("consent", {"": "email", ".purpose": "offers"}, {"channel": "email", "purpose": "offers"}),
        ("once", {"": "contact"}, "contact"),
        ("once", {"": "per", ".per": "7", ".unit": "day"}, {"per": "7 days"}),
        ("approval", {"": "owner"}, True),
        ("moment", {"": "step", ".name": "call"}, {"step": "call"}),
        ("moment", {"": "entry"}, "entry"),
    ],
)
def test_what_is_filled_in_becomes_the_value_of_the_file(kind: str, sent: dict[str, str], value: Any) -> None:
    data = QueryDict(mutable=True)
    for ending, text in sent.items():
        data[f"x{ending}"] = text
    assert filled_in(Control("x", "X", kind), {}, data) == {"x": value}
    assert filled_in(Control("x", "X", kind), {"x": value}, QueryDict("x=" if kind != "picks" else "")) == {}


def test_a_value_is_put_into_lists_and_mappings_and_taken_out_with_what_it_leaves_empty() -> None:
    document = {"choose": [{"go": "a"}, {"else": "end"}]}
    assert put(document, ("choose", 0, "go"), "b") == {"choose": [{"go": "b"}, {"else": "end"}]}
    assert put(document, ("choose", 7, "go"), "b") == document
    assert put({}, ("success", 0, "says"), "x") == {}


def send(text: str, document: dict[str, Any]) -> dict[str, Any]:
    data = QueryDict(text)
    return edit_of(data, document, fields=FIELDS).apply(document)


def test_an_unfinished_rule_leaves_the_saved_one_alone() -> None:
    document = {"steps": [{"key": "a", "action": "set_field", "when": {"contact.score": 1}}]}
    sent = "op=fill&step=a&shown=when&rule-when.group=all&rule-when.0.field=contact.score&rule-when.0.operator=$gte"
    assert send(sent, document) == document
    assert send(sent + "&rule-when.0.value=5", document)["steps"][0]["when"] == {"contact.score": {"$gte": 5}}
    assert "when" not in send("op=fill&step=a&shown=when&rule-when.group=all", document)["steps"][0]


def test_another_action_keeps_only_the_arguments_that_it_takes() -> None:
    step = {"key": "a", "action": "create_task", "with": {"queue": "q", "title": "t"}}
    after = send("op=fill&step=a&shown=action&action=assign_owner", {"steps": [step]})
    assert after["steps"][0] == {"key": "a", "action": "assign_owner", "with": {"queue": "q"}}


def test_a_step_stays_of_its_kind_when_everything_in_it_is_taken_out() -> None:
    document = {"steps": [{"key": "a", "wait": {"for": "1 day"}}, {"key": "b", "stop": "x"}]}
    after = send("op=fill&step=a&shown=wait.for&wait.for=", document)
    assert after["steps"][0] == {"key": "a", "wait": {}}
    assert send("op=fill&step=b&shown=stop&stop=", document)["steps"][1] == {"key": "b", "stop": ""}


def test_ways_criteria_and_findings_are_added_reordered_and_removed() -> None:
    document: dict[str, Any] = {"steps": [{"key": "a", "choose": [{"when": {"x": 1}, "go": "end"}, {"else": "end"}]}]}
    more = send("op=fill&step=a&do=way-add", document)["steps"][0]["choose"]
    assert more == [{"when": {"x": 1}, "go": "end"}, {"go": "end"}, {"else": "end"}]
    up = send("op=fill&step=a&do=way-up:1", {"steps": [{"key": "a", "choose": more}]})["steps"][0]["choose"]
    assert up[:2] == [{"go": "end"}, {"when": {"x": 1}, "go": "end"}]
    assert send("op=fill&step=a&do=way-remove:0", document)["steps"][0]["choose"] == [{"else": "end"}]
    one = send("op=fill&do=criterion-add", document)
    assert one["success"] == [{"says": ""}]
    assert "success" not in send("op=fill&do=criterion-remove:0", one)
    assert send("op=fill&do=ignored-add", document)["lint"] == {"ignore": [{"code": ""}]}


def test_another_kind_of_trigger_begins_anew() -> None:
    document = {"trigger": {"event": "A", "where": {"x": 1}}, "steps": []}
    assert send("op=fill&trigger.kind=schedule", document)["trigger"] == {"schedule": ""}
    assert "trigger" not in send("op=fill&trigger.kind=", document)


def test_steps_are_moved_placed_and_connected() -> None:
    document = {"steps": [{"key": "a"}, {"key": "b"}, {"key": "c"}]}
    order = [step["key"] for step in send("op=move&move=-1:c", document)["steps"]]
    assert order == ["a", "c", "b"]
    placed = send("op=place&step=a&stage=engage&owner=sales&after=b", document)["steps"]
    assert placed[1] == {"key": "a", "stage": "engage", "owner": "sales"}
    assert [step["key"] for step in send("op=connect&start=a&end=c", document)["steps"]] == ["a", "c", "b"]
    for sent in ("op=move&move=-1:a", "op=move&move=1:c", "op=move&move=1:x", "op=nothing"):
        with pytest.raises(CannotEdit):
            send(sent, document)


@pytest.mark.parametrize("kind", [*ACTIONS, *step_form.KINDS, "act"])
def test_a_new_step_of_every_kind_can_be_read_and_drawn(kind: str) -> None:
    document = skeleton("routing", key="k", name="K", owner="ops")
    step = new_step(kind, document, after="set-stage")
    assert (step["stage"], step["owner"]) == ("enrich", "ops")
    read = attempt({**document, "steps": [*document["steps"], step]}).spec.steps[-1]
    assert read.key == step["key"]


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.requirement("A9")
def test_the_skeleton_of_each_type_lacks_only_what_is_to_be_filled_in(kind: str) -> None:
    wrong = attempt(skeleton(kind, key="k", name="K", owner="ops")).problems
    assert all("is missing" in says or "reaches a system" in says for _, says in wrong)
