"""Launches in the demo workspace: ana owns, ben approves, ida is a stranger who may only look."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from campaigns.actions import campaigns
from campaigns.models import Campaign
from martechops.people.models import Team, User
from workflows.models import Segment, Workflow

#: A Monday, in everybody's working hours.
AT = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)


@pytest.fixture
def demo(demo_of_monday: None, db: None) -> None:
    """The demo workspace."""


@pytest.fixture
def ana(demo: None) -> User:
    """A marketer of marketing ops."""
    return User.objects.get(username="ana")


@pytest.fixture
def ben(demo: None) -> User:
    """A marketer and approver of the e-mail team."""
    return User.objects.get(username="ben")


@pytest.fixture
def page(ana: User, client: Client) -> Client:
    """Ana's browser."""
    client.force_login(ana)
    return client


@pytest.fixture
def campaign(ana: User) -> Campaign:
    """A draft of marketing ops that is ready to be reviewed."""
    made = campaigns.save(planned(), by=ana, at=AT)
    workflow = Workflow.objects.get(key="demo-request-nurture")
    campaigns.attach(campaign=made, workflow=workflow, by=ana, at=AT, is_own=True)
    return made


def planned(name: str = "2026_q4_webinar_lead-routing", **said: object) -> Campaign:
    """Not saved yet."""
    return Campaign(
        **{
            "name": name,
            "brief": "Show how leads are routed.",
            "owner": Team.objects.get(key="marketing-ops"),
            "channels": ["webinar", "email"],
            "audience": Segment.objects.get(key="may-be-written-to"),
            "starts_at": AT + timedelta(days=7),
            "ends_at": AT + timedelta(days=30),
            "utm": {"source": "newsletter", "medium": "email"},
        }
        | said
    )


def approved(campaign: Campaign, *, by: User) -> Campaign:
    """As the approvals of its sections leave it."""
    campaigns.move(campaign=campaign, verb="submit", by=by, at=AT)
    return campaigns.move(campaign=campaign, verb="approve", by="approvals", at=AT, digest="d" * 64)
