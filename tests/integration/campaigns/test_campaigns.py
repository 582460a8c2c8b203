"""A campaign from draft to archive: who may, what each step does, what is refused and in which words."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from campaigns.actions import campaigns
from campaigns.lifecycle import WrongState
from campaigns.models import Campaign, Rollout
from martechops.audit.models import AuditEntry
from martechops.people.models import User
from martechops.people.permissions import NotAllowed
from workflows.models import Activation, ContentItem, NamingConvention, Workflow

from .conftest import AT, approved, planned


def live(key: str) -> bool:
    return Activation.objects.filter(workflow__key=key, until=None).exists()


@pytest.mark.requirement("C9")
def test_a_campaign_is_given_an_id_that_stays_whatever_it_is_called(campaign: Campaign, ana: User) -> None:
    other = campaigns.save(planned("2026_q4_ads_lead-routing"), by=ana, at=AT)
    assert campaign.campaign_id.startswith("C26-")
    assert other.campaign_id != campaign.campaign_id
    given = campaign.campaign_id
    campaign.name = "2026_q4_webinar_routing-in-an-hour"
    campaigns.save(campaign, by=ana, at=AT)
    campaign.refresh_from_db()
    assert (campaign.campaign_id, campaign.key) == (given, "2026_q4_webinar_lead-routing")


@pytest.mark.requirement("A11")
@pytest.mark.requirement("C10")
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("2026_q4_carrier-pigeon_routing", "channel is carrier-pigeon; it may be email, ads, event or webinar"),
        ("Autumn webinar", "is called <year>_<quarter>_<channel>_<topic>"),
    ],
)
def test_a_name_against_the_convention_is_refused_with_the_part_that_is_wrong(ana: User, name: str, says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        campaigns.save(planned(name), by=ana, at=AT)
    assert says in refused.value.message_dict["name"][0]
    assert not Campaign.objects.exists()


def test_a_name_that_was_right_when_it_was_given_stays_when_the_convention_changes(
    campaign: Campaign, ana: User
) -> None:
    row = NamingConvention.objects.get(subject="campaign")
    row.parts = [{"part": "topic", "pattern": "[a-z]+"}]
    row.save()
    campaign.brief = "More of it."
    campaigns.save(campaign, by=ana, at=AT)
    campaign.name = "2026_q4_webinar_another"
    with pytest.raises(ValidationError, match="topic is"):
        campaigns.save(campaign, by=ana, at=AT)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"utm": {"sauce": "x"}}, "utm"),
        ({"utm": {"source": 7}}, "utm"),
        ({"currency": "euro"}, "currency"),
        ({"budget": -1}, "budget"),
        ({"ends_at": AT}, "__all__"),
        ({"email_campaign_ids": [""]}, "email_campaign_ids"),
        ({"brief": "x" * (campaigns.LONGEST_BRIEF + 1)}, "brief"),
        ({"channels": [str(number) for number in range(campaigns.MOST_OF_A_LIST + 1)]}, "channels"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(ana: User, said: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        campaigns.save(planned(**said), by=ana, at=AT)
    assert list(refused.value.message_dict) == [field]


def test_a_stranger_and_another_team_change_nothing(campaign: Campaign, ben: User) -> None:
    ida = User.objects.get(username="ida")
    for person in (ida, ben):
        campaign.brief = "Mine."
        with pytest.raises(NotAllowed):
            campaigns.save(campaign, by=person, at=AT)
        with pytest.raises(NotAllowed):
            campaigns.move(campaign=campaign, verb="submit", by=person, at=AT)


def test_before_review_it_says_everything_that_is_missing(ana: User) -> None:
    bare = campaigns.save(planned(brief=" ", audience=None, starts_at=None, channels=[]), by=ana, at=AT)
    with pytest.raises(campaigns.NotReady) as refused:
        campaigns.move(campaign=bare, verb="submit", by=ana, at=AT)
    for words in ("a brief", "a channel", "the day when it starts", "an audience", "a workflow or a content item"):
        assert words in str(refused.value)
    bare.refresh_from_db()
    assert bare.state == "draft"


@pytest.mark.requirement("D3")
def test_in_review_it_is_read_only_until_it_is_a_draft_again(campaign: Campaign, ana: User) -> None:
    campaigns.move(campaign=campaign, verb="submit", by=ana, at=AT)
    workflow = Workflow.objects.get(key="quote-request-routing")
    for change in (
        lambda: campaigns.save(campaign, by=ana, at=AT),
        lambda: campaigns.attach(campaign=campaign, workflow=workflow, by=ana, at=AT),
        lambda: campaigns.detach(campaign=campaign, workflow=workflow, by=ana, at=AT),
        lambda: campaigns.set_content(campaign=campaign, items=[], by=ana, at=AT),
    ):
        with pytest.raises(campaigns.NotADraft, match="in review"):
            change()
    campaigns.move(campaign=campaign, verb="return", by=ana, at=AT)
    campaigns.save(campaign, by=ana, at=AT)


def test_no_person_approves_by_a_step(campaign: Campaign, ana: User, ben: User) -> None:
    campaigns.move(campaign=campaign, verb="submit", by=ana, at=AT)
    for person in (ana, ben, User.objects.get(username="admin")):
        with pytest.raises(WrongState, match="approvals"):
            campaigns.move(campaign=campaign, verb="approve", by=person, at=AT)


def test_taken_back_to_draft_it_is_approved_no_more(campaign: Campaign, ana: User) -> None:
    approved(campaign, by=ana)
    campaign = campaigns.move(campaign=campaign, verb="return", by=ana, at=AT)
    assert (campaign.state, campaign.approved_digest) == ("draft", "")
    with pytest.raises(WrongState):
        campaigns.move(campaign=campaign, verb="start", by=ana, at=AT)


@pytest.mark.requirement("C5")
def test_its_own_workflows_start_pause_go_on_and_end_with_it(campaign: Campaign, ana: User, ben: User) -> None:
    standing = Workflow.objects.get(key="quote-request-routing")
    campaigns.attach(campaign=campaign, workflow=standing, by=ana, at=AT)
    Activation.objects.filter(workflow__key="demo-request-nurture").update(until=AT)
    approved(campaign, by=ana)
    campaigns.move(campaign=campaign, verb="start", by="campaigns", at=AT)
    assert live("demo-request-nurture")
    assert Rollout.objects.filter(note__contains=campaign.name).count() == 1
    # Whoever sees that something is wrong stops it, also from another team ...
    campaigns.move(campaign=campaign, verb="pause", by=ben, at=AT)
    assert (live("demo-request-nurture"), live("quote-request-routing")) == (False, True)
    # ... and only the team whose it is goes on.
    with pytest.raises(NotAllowed):
        campaigns.move(campaign=campaign, verb="resume", by=ben, at=AT)
    campaigns.move(campaign=campaign, verb="resume", by="campaigns", at=AT)
    assert live("demo-request-nurture")
    ended = campaigns.move(campaign=campaign, verb="end", by=ana, at=AT + timedelta(days=1))
    assert not live("demo-request-nurture")
    assert (ended.started_at, ended.ended_at) == (AT, AT + timedelta(days=1))


def test_it_is_scheduled_for_a_time_to_come_only(campaign: Campaign, ana: User) -> None:
    approved(campaign, by=ana)
    late = AT + timedelta(days=8)
    with pytest.raises(campaigns.NotReady, match="not in the future"):
        campaigns.move(campaign=campaign, verb="schedule", by=ana, at=late)
    assert campaigns.move(campaign=campaign, verb="schedule", by=ana, at=AT).state == "scheduled"


def test_a_workflow_belongs_to_one_campaign_and_a_map_to_none(campaign: Campaign, ana: User) -> None:
    other = campaigns.save(planned("2026_q4_ads_lead-routing"), by=ana, at=AT)
    taken = Workflow.objects.get(key="demo-request-nurture")
    with pytest.raises(ValidationError):
        campaigns.attach(campaign=other, workflow=taken, by=ana, at=AT, is_own=True)
    with pytest.raises(ValidationError, match="only documents"):
        campaigns.attach(campaign=other, workflow=Workflow.objects.get(key="demo-request-today"), by=ana, at=AT)
    campaigns.attach(campaign=other, workflow=taken, by=ana, at=AT)


def test_every_write_is_in_the_log_with_who_and_what(campaign: Campaign, ana: User) -> None:
    campaign.brief = "Other words."
    campaigns.save(campaign, by=ana, at=AT)
    items = list(ContentItem.objects.order_by("key")[:2])
    campaigns.set_content(campaign=campaign, items=items, by=ana, at=AT)
    campaigns.set_content(campaign=campaign, items=items, by=ana, at=AT)
    campaigns.move(campaign=campaign, verb="submit", by=ana, at=AT, note="Have a look, please.")
    told = AuditEntry.objects.filter(object_kind="campaign", object_key=campaign.key).order_by("number")
    assert [(entry.action, entry.actor) for entry in told] == [
        ("campaign.add", "ana"),
        ("campaign.attach_workflow", "ana"),
        ("campaign.change", "ana"),
        ("campaign.set_content", "ana"),
        ("approval.ask", "ana"),
        ("campaign.submit", "ana"),
    ]
    assert told[2].detail == {"changed": ["brief"]}
    assert told[5].detail["note"] == "Have a look, please."
    assert [row.history_user for row in campaign.history.all()] == [ana] * 3
