"""What each action plans, for contacts, content items and the workspace."""

from dataclasses import replace
from typing import Any

import pytest

from workflows.engine import acts
from workflows.engine.action_kinds import ACTIONS
from workflows.engine.decide import decide
from workflows.engine.snapshot import Catalog, Cause, Snapshot, Stage

from .stories import AT, CATALOG, act, enter, step, workflow

CHANNELS = {"welcome": "email", "tip": "in_app", "ping": "chat"}
RICH = replace(
    CATALOG,
    channels=CHANNELS,
    types={"team": "text", "tier": "number", "phone": "phone"},
    unsettled={"metric": ("pipeline",)},
)


def test_every_action_that_is_offered_can_be_done() -> None:
    assert set(ACTIONS) == set(acts.ACTS) | set(acts.TURNING)


@pytest.mark.requirement("A5")
@pytest.mark.parametrize(("action", "says"), [("add_to_audience", "into hot"), ("remove_from_audience", "out of hot")])
def test_audience(action: str, says: str) -> None:
    decision = enter(workflow(act("group", action, audience="hot")), {})
    assert decision.effects[0].payload == {"email": "lea@example.com", "audience": "hot"}
    assert step(decision, "group").says == says


@pytest.mark.parametrize(
    ("template", "more", "contact", "to", "why"),
    [
        ("welcome", {}, {}, "lea@example.com", None),
        ("welcome", {}, {"email": None}, None, "there is no e-mail address"),
        ("tip", {}, {"user_id": "u-7"}, "u-7", None),
        ("tip", {}, {}, "lea@example.com", None),
        ("tip", {}, {"email": None}, None, "there is neither a user id nor an e-mail address"),
        ("ping", {"to": "#sales"}, {}, "#sales", None),
        ("ping", {}, {}, "", None),
    ],
)
def test_message_goes_where_its_channel_leads(
    template: str, more: dict[str, Any], contact: dict[str, Any], to: str | None, why: str | None
) -> None:
    spec = workflow(act("tell", "send_message", template=template, **more))
    effect = enter(spec, contact, catalog=RICH).effects[0]
    assert (effect.payload["to"], effect.payload["channel"], effect.refusal) == (to, CHANNELS[template], why)


def test_webhook_carries_what_its_mapping_makes_of_the_contact() -> None:
    spec = workflow(act("call", "call_webhook", path="/leads", mapping="to-crm", body={"source": "w"}))
    effect = enter(spec, {"company": "B W"}).effects[0]
    assert effect.payload["fields"] == {"company": "B W"}
    assert (effect.payload["path"], effect.payload["event"], effect.payload["body"]) == (
        "/leads",
        "Asked",
        {"source": "w"},
    )
    assert enter(spec, {}).effects[0].refusal == "company is missing"


@pytest.mark.requirement("A11")
@pytest.mark.parametrize(
    ("statuses", "stays"),
    [((), None), (("MQL",), None), (("MQL", "Working"), {"status": ["MQL", "Working"]})],
)
@pytest.mark.parametrize("step", [act("a", "set_stage", stage="mql"), act("a", "upsert_record", mapping="to-crm")])
def test_status_that_means_the_stage_already_is_to_stay(
    step: dict[str, Any], statuses: tuple[str, ...], stays: dict[str, list[str]] | None
) -> None:
    stages = dict(CATALOG.stages) | {"mql": Stage("mql", 2, next(iter(statuses), None), statuses)}
    contact = {"company": "B W"} | ({"lifecycle_stage": "mql"} if step["action"] == "upsert_record" else {})
    effect = enter(workflow(step), contact, catalog=replace(CATALOG, stages=stages)).effects[0]
    assert effect.payload.get("stays") == stays
    assert effect.payload["fields"].get("status") == next(iter(statuses), None)


@pytest.mark.requirement("A5")
@pytest.mark.parametrize("for_", ["sales", "support"])
def test_task_is_for_sales_or_support(for_: str) -> None:
    spec = workflow(act("task", "create_task", queue="q", title="Call", **{"for": for_}))
    assert enter(spec, {}).effects[0].payload["for"] == for_


@pytest.mark.parametrize(("value", "worth"), [(120, 120.0), ("contact.deal", 75.5), ("contact.nothing", None)])
def test_conversion_has_a_value_of_its_own_or_of_the_contact(value: object, worth: float | None) -> None:
    spec = workflow(act("count", "record_conversion", name="Won", value=value))
    assert enter(spec, {"deal": 75.5}).goals[0].value == worth


@pytest.mark.requirement("A9")
def test_fields_are_normalised_by_their_type_and_by_who_may_write_them() -> None:
    spec = workflow(act("tidy", "normalise_fields", fields=["team", "tier", "phone", "colour"]))
    decision = enter(spec, {"team": "  north  west ", "tier": "4", "phone": "+49 30 1"}, catalog=RICH)
    assert {write.field: write.new for write in decision.writes} == {"team": "north west", "tier": 4}
    assert "colour is not in the field catalog" in step(decision, "tidy").says
    assert enter(spec, {"team": "north west"}, catalog=RICH).writes == ()


def about(kind: str, subject: dict[str, Any], *steps: Any, catalog: Catalog = RICH, trigger: Any = None) -> Any:
    """The decision of a workflow about a content item or the workspace."""
    type_ = {"content": "content", "workspace": "reporting"}[kind]
    trigger = trigger or {"schedule": "0 9 * * mon"}
    spec = workflow(*steps, subject=kind, type=type_, trigger=trigger)
    snapshot = Snapshot(
        contact_id=0, contact={}, kind=kind, subject_id="12" if kind == "content" else "", subject=subject
    )
    cause = Cause("event", {"name": "$schedule", "properties": {"workflow": "w"}})
    return decide(
        spec, catalog=catalog, snapshot=snapshot, entry_key=f"{snapshot.key}#1", waiting_at=None, cause=cause, at=AT
    )


@pytest.mark.requirement("A9")
def test_content_is_published_once_and_its_channels_told() -> None:
    publish = act("publish", "publish_content", channels=["blog", "docs"])
    promote = act("promote", "update_channels", channels=["newsletter"], when={"content.state": "published"})
    decision = about("content", {"state": "approved", "title": "Tips"}, publish, promote)
    assert [(write.field, write.old, write.new) for write in decision.writes] == [
        ("state", "approved", "published"),
        ("state", "published", "promoted"),
    ]
    assert [effect.payload["channels"] for effect in decision.effects] == [["blog", "docs"], ["newsletter"]]
    assert {effect.payload["content"] for effect in decision.effects} == {"12"}


def test_fields_of_content_are_written_by_the_workflow_that_carries_it() -> None:
    decision = about("content", {"state": "draft"}, act("review", "set_field", field="state", value="in review"))
    assert decision.writes[0].new == "in review"


@pytest.mark.requirement("A9")
@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("find_duplicates", {"fields": ["email"]}),
        ("propose_merge", {}),
        ("normalise_fields", {"fields": ["phone"]}),
        ("refresh_reports", {"reports": ["funnel"]}),
    ],
)
def test_work_on_the_whole_workspace_is_an_effect_without_a_far_side(action: str, arguments: dict[str, Any]) -> None:
    effect = about("workspace", {}, act("check", action, **arguments)).effects[0]
    assert (effect.inside, effect.system, effect.kind) == (True, "", action)


@pytest.mark.requirement("A9")
def test_report_goes_out_only_on_definitions_that_are_agreed() -> None:
    verify = act("verify", "verify_definitions", kinds=["metric"])
    send = act("send", "distribute_report", report="funnel", to=["board@example.com"], format="csv")
    stopped = about("workspace", {}, verify, send)
    assert (stopped.state, stopped.reason, stopped.effects) == ("stopped", "not agreed yet: metric pipeline", ())
    note = act("note", "call_webhook", body={"text": "not yet"})
    way = act("verify", "verify_definitions", kinds=["metric"], **{"else": "note"})
    led = about("workspace", {}, way, send, {"key": "over", "stop": "sent"}, note)
    assert [effect.step for effect in led.effects] == ["note"]
    assert led.trace[0].says == "not agreed yet: metric pipeline; goes on with note"
    agreed = about("workspace", {}, verify, send, catalog=replace(RICH, unsettled={}))
    assert agreed.effects[0].payload == {"report": "funnel", "to": ["board@example.com"], "format": "csv"}


def test_rules_see_the_subject_under_its_own_name() -> None:
    mark = act("mark", "set_field", field="hot", value=True, when={"content.title": {"$startsWith": "Tips"}})
    assert about("content", {"title": "Tips for May"}, mark).writes
    assert not about("content", {"title": "News"}, mark).writes
