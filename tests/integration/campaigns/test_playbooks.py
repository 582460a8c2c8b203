"""A launch made from a playbook: one transaction, the lint content, and a story that runs as it was meant."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.actions import campaigns, playbooks
from campaigns.actions.playbooks import CannotMake
from campaigns.models import ApprovalRequest, Campaign, CheckResult, PlaybookVersion
from campaigns.pattern import BadValues
from campaigns.playbooks import shipped
from campaigns.queries import checklists as lists
from campaigns.queries import launch_plans
from campaigns.queries import playbooks as reading
from martechops.audit.models import AuditEntry
from martechops.people.models import Team, User
from martechops.people.permissions import NotAllowed
from tests.integration.qa.conftest import Site, site
from tests.unit.campaigns.test_patterns import SAID
from workflows.models import Contact, ContentItem, EventType, MessageTemplate, Segment, Version, Workflow
from workflows.queries import lint
from workflows.rehearsal import candidates
from workflows.rehearsal.rehearsal import Rehearsal

from .conftest import AT
from .launching import checked, launch_at, made

__all__ = ["site"]

#: The webinar begins on 1 December, 15:00 UTC.
BEGINS = datetime.fromisoformat("2026-12-01T15:00+00:00")
WEBINAR = "webinar-lead-routing-in-an-hour"


@pytest.fixture
def ops(ana: User) -> Team:
    return Team.objects.get(key="marketing-ops")


@pytest.mark.requirement("E1")
@pytest.mark.requirement("E2")
@pytest.mark.requirement("E3")
@pytest.mark.requirement("E4")
@pytest.mark.parametrize("key", SAID)
def test_each_of_the_four_makes_a_launch_that_passes_lint_checks_and_rehearsal(
    key: str, ana: User, ops: Team, site: Site
) -> None:
    """Nothing stands against it but what people have to sign."""
    consent = {"email": {"state": "granted", "at": AT.isoformat()}}
    lea = {"email": "lea@example.com", "lifecycle_stage": "lead", "fields": {"first_name": "Lea"}, "consent": consent}
    Contact.objects.create(**lea, created_at=AT, updated_at=AT)
    campaign = launch_at(site, key, ana, ops)
    own = [part.workflow.key for part in campaign.parts.select_related("workflow") if part.is_own]
    assert own
    found = [finding for finding in lint.examined().findings if any(finding.concerns(name) for name in own)]
    assert [f"{finding.code} {finding.says}" for finding in found if finding.severity == "error"] == []
    assert Version.objects.filter(workflow__key__in=own).exclude(frozen_at=None).count() == len(own)
    assert set(Version.objects.filter(workflow__key__in=own).values_list("author__username", flat=True)) == {"ana"}
    results = {line.result.code: line.result for line in checked(campaign).lines}
    failed = {code: result.says for code, result in results.items() if result.verdict == CheckResult.Verdict.FAILED}
    assert failed == {}
    # What only time can prove warns: nobody came by it in the last 30 days.
    unsure = {code: result.says for code, result in results.items() if result.verdict == CheckResult.Verdict.WARNED}
    assert unsure.keys() <= {"CRM", "LNT"}, unsure
    assert results["CON"].evidence
    assert all("a lead who agreed gets it" in seen["says"] for seen in results["CON"].evidence)
    assert [results[code].verdict for code in ("LNK", "UTM", "UNS", "TPL")] == ["passed"] * 4
    assert len(results["FLD"].evidence) == 5
    document = reading.newest(key)
    assert document is not None
    shown = lists.shown_now("campaign", campaign.key)
    assert shown is not None
    assert [(one.says, one.blocking) for one in shown.manual] == [
        (row["says"], row["blocking"]) for row in document.content["checks"]
    ]
    assert list(shown.stands_against) == [f"not signed: {one.says}" for one in shown.manual if one.blocking]
    campaigns.move(campaign=campaign, verb="submit", by=ana, at=AT)
    request = ApprovalRequest.objects.get(subject_kind="campaign")
    assert {team for need in request.needs for team in need["teams"]} == set(reading.approvers_of(campaign))


@pytest.mark.requirement("C9")
@pytest.mark.requirement("C10")
@pytest.mark.requirement("K5")
def test_it_is_named_tagged_and_tied_to_what_it_publishes(ana: User, ops: Team) -> None:
    campaign = made("webinar", ana, ops)
    assert campaign.name == "2026_q4_webinar_lead-routing-in-an-hour"
    assert campaign.utm == {"campaign": campaign.name, "source": "newsletter", "medium": "email"}
    assert campaign.audience == Segment.objects.get(key=f"{WEBINAR}-audience")
    assert sorted(item.key for item in campaign.content.all()) == [f"{WEBINAR}-invitation", f"{WEBINAR}-page"]
    assert campaign.playbook is not None
    assert (campaign.playbook.playbook.key, campaign.playbook.number) == ("webinar", 1)
    assert campaign.parameters["speaker"] == "Ana Silva"
    entry = AuditEntry.objects.get(action="playbook.instantiate")
    assert (entry.actor, entry.detail["campaign"]) == ("ana", campaign.key)
    assert f"message template {WEBINAR}-thanks" in entry.detail["made"]


@pytest.mark.requirement("E5")
def test_what_launches_share_is_made_once_and_used_as_it_is(ana: User, ops: Team) -> None:
    before = EventType.objects.get(name="Webinar Attended").schema
    made("webinar", ana, ops)
    mine = EventType.objects.get(name="Webinar Registered")
    mine.meaning = "In our own words."
    mine.save()
    made("webinar", ana, ops, topic="Scoring that people believe")
    mine.refresh_from_db()
    assert mine.meaning == "In our own words."
    assert EventType.objects.get(name="Webinar Attended").schema == before


def test_the_preview_is_what_is_made_and_writes_nothing(ana: User, ops: Team) -> None:
    version = reading.newest("webinar")
    assert version is not None
    with CaptureQueriesContext(
        connection,
    ) as asked:
        planned = launch_plans.plan(version=version, said=SAID["webinar"], owner=ops, at=AT)
    assert [query["sql"] for query in asked if query["sql"].split()[0] in ("INSERT", "UPDATE", "DELETE")] == []
    assert len(asked) <= 40
    assert planned.problems == ()
    campaign = made("webinar", ana, ops)
    for change in planned.changes:
        model = {"segment": Segment, "template": MessageTemplate, "workflow": Workflow}.get(change.name.kind)
        assert model is None or model.objects.filter(key=change.name.key).exists(), change.name
    assert campaign.name == planned.name


def counts() -> list[int]:
    return [model.objects.count() for model in (Campaign, Segment, MessageTemplate, Workflow, EventType, ContentItem)]


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"email_team": "nobody"}, "there is no team nobody"),
        ({"crm": "no-crm"}, "there is no system no-crm"),
        ({"topic": "x" * 480}, ""),
    ],
)
def test_a_launch_that_cannot_be_made_leaves_nothing_behind(
    ana: User, ops: Team, said: dict[str, str], says: str
) -> None:
    before = counts()
    with pytest.raises(CannotMake) as refused:
        made("webinar", ana, ops, **said)
    assert says in str(refused.value)
    assert counts() == before


def test_the_same_launch_twice_is_refused_by_its_name(ana: User, ops: Team) -> None:
    made("webinar", ana, ops)
    before = counts()
    with pytest.raises(CannotMake, match="There is a campaign 2026_q4_webinar_lead-routing-in-an-hour already"):
        made("webinar", ana, ops)
    assert counts() == before


def test_nobody_makes_a_launch_for_another_team(ana: User, ben: User) -> None:
    theirs = Team.objects.get(key="email-team")
    version = reading.newest("webinar")
    assert version is not None
    for person, owner in ((ana, theirs), (User.objects.get(username="ida"), theirs)):
        with pytest.raises((CannotMake, NotAllowed)):
            playbooks.instantiate(version=version, said=SAID["webinar"], owner=owner, by=person, at=AT)
    assert not Campaign.objects.exists()


def world(campaign: Campaign) -> Rehearsal:
    own = campaign.parts.filter(is_own=True).values("workflow")
    return Rehearsal(candidates.alone(*Version.objects.filter(workflow__in=own)), at=BEGINS - timedelta(days=7))


def sent(story: Rehearsal) -> list[tuple[str, str]]:
    """Step and outcome of each message."""
    return [(effect.step, effect.state) for effect in story.played.effects.values() if effect.is_message]


@pytest.mark.requirement("E4")
@pytest.mark.requirement("K1")
def test_who_registers_and_comes_is_confirmed_reminded_thanked_and_asked_once(ana: User, ops: Team) -> None:
    story = world(made("webinar", ana, ops))
    story.meet(email="lea@example.com", stage="lead", consent={"email": "granted"}, fields={"first_name": "Lea"})
    said = {"email": "lea@example.com", "webinar_id": "lead-routing-in-an-hour"}
    story.track("Webinar Registered", at=BEGINS - timedelta(days=6), **said)
    story.track("Webinar Attended", at=BEGINS + timedelta(hours=1), **said)
    story.play()
    assert sent(story) == [("confirm", "done"), ("remind", "done"), ("thank", "done"), ("offer", "done")]
    when = {effect.step: effect.at for effect in story.played.effects.values()}
    assert when["remind"] == BEGINS - timedelta(days=1)


def test_who_does_not_come_gets_the_recording_and_no_thanks(ana: User, ops: Team) -> None:
    story = world(made("webinar", ana, ops))
    story.meet(email="max@example.com", stage="lead", consent={"email": "granted"}, fields={"first_name": "Max"})
    at = BEGINS - timedelta(days=6)
    story.track("Webinar Registered", at=at, email="max@example.com", webinar_id="lead-routing-in-an-hour")
    story.track("Webinar Registered", at=at, email="max@example.com", webinar_id="another-one")
    story.play()
    assert sent(story) == [("confirm", "done"), ("remind", "done"), ("missed", "done")]


@pytest.mark.requirement("E4")
@pytest.mark.parametrize("consent", [{}, {"email": "denied"}])
def test_without_consent_every_message_is_withheld(ana: User, ops: Team, consent: dict[str, str]) -> None:
    story = world(made("webinar", ana, ops))
    story.meet(email="ivo@example.com", stage="lead", consent=consent, fields={"first_name": "Ivo"})
    said = {"email": "ivo@example.com", "webinar_id": "lead-routing-in-an-hour"}
    story.track("Webinar Registered", at=BEGINS - timedelta(days=6), **said)
    story.track("Webinar Attended", at=BEGINS + timedelta(hours=1), **said)
    story.play()
    assert {state for _, state in sent(story)} <= {"suppressed"}
    assert any(outcome == "withheld" for outcome, _ in story.played.outcomes(f"{WEBINAR}-registered", "confirm"))


def test_whoever_met_us_without_consent_is_not_called_and_with_it_is(ana: User, ops: Team) -> None:
    campaign = made("event-attendance", ana, ops)
    for name, consent in (("lea", {"email": "granted"}), ("ivo", {})):
        story = world(campaign)
        story.meet(email=f"{name}@example.com", consent=consent, fields={"first_name": name.title()})
        story.track("Event Attended", at=BEGINS, email=f"{name}@example.com", event_id="martech-day-berlin")
        story.play()
        tasks = [effect for effect in story.played.effects.values() if effect.kind == "create_task"]
        assert len(tasks) == (1 if consent else 0), name


def test_a_trial_keeps_the_stage_in_step_with_what_is_done(ana: User, ops: Team) -> None:
    story = world(made("free-trial", ana, ops))
    lea = story.meet(email="lea@example.com", stage="lead", consent={"email": "granted"}, fields={"first_name": "Lea"})
    for name, day in (("Trial Started", 0), ("Trial Activated", 2), ("Purchase Completed", 9)):
        said: dict[str, Any] = {"value": 10, "currency": "EUR"} if name == "Purchase Completed" else {"plan": "team"}
        story.track(name, at=BEGINS + timedelta(days=day), email="lea@example.com", **said)
    story.play()
    assert lea.lifecycle_stage == "customer"
    assert [step for step, _ in sent(story)] == ["welcome", "next"]


@pytest.mark.requirement("E1")
def test_a_later_version_is_offered_with_the_difference_and_changes_nothing_by_itself(ana: User, ops: Team) -> None:
    campaign = made("webinar", ana, ops)
    assert reading.update_for(campaign) is None
    document = next(one for one in shipped() if one["key"] == "webinar")
    document["summary"] = "Shorter."
    template = next(one for one in document["creates"] if one["key"] == "[[key]]-thanks")
    template["subject"] = "Thank you, and the recording"
    later = playbooks.publish(document, by="product", at=AT, note="A better subject")
    assert (later.number, playbooks.publish(document, by="product", at=AT).number) == (2, 2)
    update = reading.update_for(campaign)
    assert update is not None
    assert update.newest == later
    assert dict(update.changes)["template [[key]]-thanks"][0].startswith("Subject changed from")
    assert "the playbook itself" in dict(update.changes)
    assert MessageTemplate.objects.get(key=f"{WEBINAR}-thanks").subject == "The recording, and the one slide to keep"


def test_a_playbook_of_ones_own_is_made_from_a_workflow_and_makes_it_again(ana: User, ops: Team) -> None:
    version = Version.objects.get(workflow__key="demo-request-nurture", frozen_at__isnull=False)
    own = playbooks.make_from(
        version=version,
        key="our-demo",
        name="Our demo request",
        summary="What we do when somebody asks for a demo.",
        channel="email",
        audience="may-be-written-to",
        by=ana,
        at=AT,
    )
    parameters = {one["key"]: one.get("default") for one in own.content["parameters"]}
    assert parameters == {"name": None, "starts": None, "where_form_id": "demo", "wait_pause": "2 days"}
    said = {"name": "Spring fair", "starts": "2026-12-01T09:00", "where_form_id": "fair", "wait_pause": "5 days"}
    campaign = playbooks.instantiate(version=own, said=said, owner=ops, by=ana, at=AT).campaign
    made_workflow = campaign.parts.get(is_own=True).workflow
    content = made_workflow.versions.get().content
    assert content["trigger"]["where"] == {"event.properties.form_id": "fair"}
    assert [step["wait"]["for"] for step in content["steps"] if "wait" in step] == ["5 days"]
    assert MessageTemplate.objects.filter(key="spring-fair-demo-welcome").exists()
    assert campaign.name == "2026_q4_email_spring-fair"


def test_shipped_ones_are_nobodys_to_change_and_bad_words_are_refused(ana: User) -> None:
    document = shipped()[0]
    with pytest.raises(NotAllowed):
        playbooks.publish(document | {"summary": "Mine."}, by=ana, at=AT)
    version = PlaybookVersion.objects.get(playbook__key="webinar")
    owner = Team.objects.get(key="marketing-ops")
    with pytest.raises(BadValues):
        launch_plans.plan(version=version, said={"topic": ""}, owner=owner, at=AT)
