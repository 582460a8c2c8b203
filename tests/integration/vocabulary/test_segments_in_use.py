"""A segment that rules ask for: found where it is used, kept free of circles, and changed for everybody at once."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from campaigns.actions import rollouts
from martechops.people.models import Team, User
from workflows.actions import definitions, versions
from workflows.engine.parse import BadSpec
from workflows.models import Effect, EventType, Run, Segment, Trace, Version, Workflow
from workflows.queries import scores, segment_rules, segments, uses

from .conftest import AT, Send


def segment(key: str, when: dict[str, Any], **more: Any) -> Segment:
    """Saved, as an agreed one."""
    name = key.replace("-", " ").capitalize()
    row = Segment.objects.filter(key=key).first() or Segment(
        key=key, name=name, meaning="For a test.", owner=Team.objects.get(key="sales-ops"), status="agreed"
    )
    row.when = when
    return definitions.save(row, by="tests", at=AT, **more)


def nurture_with(rule: dict[str, Any]) -> Version:
    """A draft of the demo's nurture whose last way asks for the rule."""
    workflow = Workflow.objects.get(key="demo-request-nurture")
    content = dict(workflow.versions.get(frozen_at__isnull=False).content)
    content["steps"] = [
        step | {"choose": [{"when": rule, "go": "assign-owner"}, {"else": "end"}]} if step["key"] == "route" else step
        for step in content["steps"]
    ]
    return versions.draft(workflow=workflow, content=content, by="tests", at=AT)


def live(rule: dict[str, Any]) -> None:
    rollouts.switch_over(version=versions.freeze(version=nurture_with(rule), by="tests", at=AT), by="tests", at=AT)


def request(send: Send, number: int, **properties: Any) -> None:
    known = {"form_id": "demo", "first_name": "Lea", "marketing_consent": True, "company_size": 300} | properties
    send("Demo Requested", f"lead{number}@example.com", **known)
    send("Meeting Booked", f"lead{number}@example.com")


def tasks() -> int:
    return Effect.objects.filter(kind="create_task").count()


@pytest.mark.requirement("K4")
def test_a_changed_segment_reaches_the_live_workflow_that_asks_for_it(send: Send) -> None:
    segment("large", {"contact.company_size": {"$gt": 200}})
    live({"segment": "large"})
    request(send, 1)
    assert tasks() == 1
    segment("large", {"contact.company_size": {"$gt": 900}})
    request(send, 2)
    assert tasks() == 1
    inner = [
        check["inner"]
        for trace in Trace.objects.order_by("pk")
        for part in trace.detail["workflows"]
        for step in part.get("steps", [])
        for check in step.get("checks", [])
        if check["path"] == "segment"
    ]
    assert [(one["want"], one["ok"]) for (one,) in inner] == [(200, True), (900, False)]


@pytest.mark.requirement("I3")
def test_a_segment_in_work_means_what_was_agreed_until_it_is_agreed_again(send: Send, admin: User) -> None:
    row = segment("large", {"contact.company_size": {"$gt": 200}})
    live({"segment": "large"})
    definitions.set_status(row, to="draft", by=admin, at=AT)
    row = segment("large", {"contact.company_size": {"$gt": 900}})
    assert Segment.objects.get(key="large").status == "draft"
    request(send, 1)
    assert tasks() == 1
    definitions.set_status(row, to="agreed", by=admin, at=AT)
    request(send, 2)
    assert tasks() == 1


def test_a_run_fails_visibly_where_its_segment_cannot_be_used_any_more(send: Send) -> None:
    segment("large", {"contact.company_size": {"$gt": 200}})
    live({"segment": "large"})
    send("Demo Requested", form_id="demo", first_name="Lea", marketing_consent=True, company_size=300)
    Segment.objects.filter(key="large").update(when={"contact.company_size": {"$near": 200}})
    send("Meeting Booked")
    run = Run.objects.get(workflow_id=Workflow.objects.get(key="demo-request-nurture").pk)
    assert (run.state, run.step) == ("failed", "route")
    assert "what segment large asks for cannot be looked up" in run.reason


@pytest.mark.requirement("F2")
def test_where_a_segment_is_used(demo: None) -> None:
    segment("large", {"contact.company_size": {"$gt": 200}})
    segment("large-leads", {"segment": "large", "contact.lifecycle_stage": "lead"})
    nurture_with({"$or": [{"segment": "large"}]})
    assert {(use.label, use.where) for use in uses.of("segment", "large")} == {
        ("Workflow Demo request to nurture, draft v2", "step route, choose[0].when.$or[0].segment"),
        ("Segment Large leads", "when.segment"),
    }


def test_a_circle_is_refused_on_save_with_its_segments_named(demo: None) -> None:
    segment("a", {"contact.company_size": {"$gt": 200}})
    segment("b", {"segment": "a"})
    with pytest.raises(ValidationError) as refused:
        segment("a", {"$or": [{"segment": "b"}, {"contact.company_size": 5}]})
    assert refused.value.message_dict["when"] == ["$or[0].segment: segments that ask for each other: b → a → b"]


def test_a_circle_cannot_be_made_by_way_of_drafts(demo: None, admin: User) -> None:
    row = segment("a", {"contact.company_size": {"$gt": 200}})
    definitions.set_status(row, to="draft", by=admin, at=AT)
    segment("b", {"contact.company_size": {"$gt": 300}})
    segment("a", {"segment": "b"})
    with pytest.raises(ValidationError):
        segment("b", {"segment": "a"})


def test_a_segment_that_is_not_there_is_refused(demo: None) -> None:
    with pytest.raises(ValidationError, match="there is no segment enterprise-lead; did you mean enterprise-leads"):
        segment("a", {"segment": "enterprise-lead"})


def test_a_segment_of_segments_is_counted(demo: None) -> None:
    both = {"segment": "enterprise-leads", "$and": [{"segment": "may-be-written-to"}]}
    rules = segment_rules.rules()
    written_out = {"$and": [rules["enterprise-leads"], rules["may-be-written-to"]]}
    assert segments.members(both, at=AT).count == segments.members(written_out, at=AT).count


@pytest.mark.requirement("D1")
def test_a_change_of_scoring_is_of_medium_risk_where_a_segment_of_a_live_workflow_reads_the_score(demo: None) -> None:
    segment("warm", {"contact.score": {"$gte": 30}})
    segment("warm-leads", {"segment": "warm", "contact.lifecycle_stage": "lead"})
    for workflow in Workflow.objects.all():
        workflow.activations.update(until=AT)
    assert scores.risk_of_change() == "low"
    live({"segment": "warm-leads"})
    assert [workflow.key for workflow in scores.live_workflows_that_ask()] == ["demo-request-nurture"]
    assert scores.risk_of_change() == "medium"


@pytest.mark.requirement("F2")
@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"contact.company_sice": {"$gt": 5}}, "is no field; did you mean contact.company_size?"),
        ({"contact.company_size": "many"}, '"many" is not a number'),
        ({"contact.lifecycle_stage": "leed"}, "leed is not a value of it; did you mean lead?"),
        ({"event.properties.form_id": {"$gt": 5}}, "$gt is not for"),
        ({"event.properties.nothing_of_it": 5}, "is no field"),
        ({"segment": "nowhere"}, "there is no segment nowhere"),
    ],
)
def test_a_version_whose_rules_do_not_fit_the_catalog_is_not_frozen(demo: None, rule: Any, says: str) -> None:
    draft = nurture_with(rule)
    with pytest.raises(BadSpec) as refused:
        versions.freeze(version=draft, by="tests", at=AT)
    ((place, said),) = refused.value.problems
    assert place.startswith("steps[")
    assert says in said
    draft.refresh_from_db()
    assert draft.frozen_at is None


@pytest.mark.requirement("D1")
def test_what_a_change_of_a_segment_touches_is_shown_before_it_is_saved(demo: None, admin: User) -> None:
    row = segment("large", {"contact.company_size": {"$gt": 200}})
    live({"segment": "large"})
    client = Client()
    client.force_login(admin)
    sent = {
        "name": row.name,
        "meaning": row.meaning,
        "owner": row.owner_id,
        "rule.group": "all",
        "rule.0.field": "contact.company_size",
        "rule.0.operator": "$gt",
        "rule.0.value": "900",
    }
    page = client.post("/segments/large/edit/", sent).content.decode()
    assert "Nothing is saved yet." in page
    assert "Medium risk" in page
    assert "Demo request to nurture" in page
    assert '<input type="hidden" name="rule.0.value" value="900">' in page
    assert Segment.objects.get(key="large").when == {"contact.company_size": {"$gt": 200}}
    assert client.post("/segments/large/edit/", sent | {"confirmed": 1})["Location"] == "/segments/large/"
    assert Segment.objects.get(key="large").when == {"contact.company_size": {"$gt": 900}}
    page = client.post("/segments/large/restore/", {"number": 1}).content.decode()
    assert "Nothing is saved yet." in page
    assert Segment.objects.get(key="large").when == {"contact.company_size": {"$gt": 900}}
    client.post("/segments/large/restore/", {"number": 1, "confirmed": 1})
    assert Segment.objects.get(key="large").when == {"contact.company_size": {"$gt": 200}}


@pytest.mark.requirement("D1")
def test_agreeing_to_a_segment_in_work_shows_what_follows_and_working_on_it_that_nothing_does(
    demo: None, admin: User
) -> None:
    row = segment("large", {"contact.company_size": {"$gt": 200}})
    live({"segment": "large"})
    definitions.set_status(row, to="draft", by=admin, at=AT)
    client = Client()
    client.force_login(admin)
    sent = {"name": row.name, "meaning": row.meaning, "owner": row.owner_id, "text": '{"contact.company_size": 1}'}
    page = client.post("/segments/large/edit/", sent).content.decode()
    assert "goes on with what was agreed last" in page
    assert "Low risk" in page
    client.post("/segments/large/edit/", sent | {"confirmed": 1})
    page = client.post("/segments/large/status/", {"to": "agreed"}).content.decode()
    assert "Medium risk" in page
    assert "Status changed from draft to agreed" in page
    assert Segment.objects.get(key="large").status == "draft"
    client.post("/segments/large/status/", {"to": "agreed", "confirmed": 1})
    assert Segment.objects.get(key="large").status == "agreed"


def test_a_frozen_segment_is_thawed_by_an_admin_who_says_why_and_offers_nothing_else(demo: None, admin: User) -> None:
    row = segment("large", {"contact.company_size": {"$gt": 200}})
    definitions.set_status(row, to="frozen", by=admin, at=AT)
    ana, boss = Client(), Client()
    ana.force_login(User.objects.get(username="ana"))
    boss.force_login(admin)
    page = ana.get("/segments/large/").content.decode()
    assert "Thaw" not in page
    assert "/segments/large/edit/" not in page
    assert "Why it is thawed" in boss.get("/segments/large/").content.decode()
    boss.post("/segments/large/status/", {"to": "agreed"})
    assert Segment.objects.get(key="large").status == "frozen"
    boss.post("/segments/large/status/", {"to": "agreed", "note": "One more country"})
    assert Segment.objects.get(key="large").status == "agreed"


@pytest.mark.requirement("D1")
def test_agreeing_to_an_event_type_shows_what_would_be_held_from_then_on(demo: None, send: Send, admin: User) -> None:
    row = EventType.objects.get(name="Demo Requested")
    definitions.set_status(row, to="draft", by=admin, at=AT)
    send("Demo Requested", form_id="demo", first_name="Lea", marketing_consent=True, company_size=300, shoe_size=44)
    client = Client()
    client.force_login(admin)
    page = client.post(f"/vocabulary/event-type/{row.pk}/status/", {"to": "agreed"}).content.decode()
    assert "1 of the last 1 good events would be held in quarantine" in page
    assert "shoe_size" in page
    assert EventType.objects.get(pk=row.pk).status == "draft"
    client.post(f"/vocabulary/event-type/{row.pk}/status/", {"to": "agreed", "confirmed": 1})
    assert EventType.objects.get(pk=row.pk).status == "agreed"
