"""The demo workspace and its people: ana owns the nurture's team, ben messages, cy is a stranger."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from martechops.people.actions import users
from martechops.people.models import User
from workflows.models import Workflow

AT = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)


@pytest.fixture
def demo(demo_of_monday: None, db: None) -> None:
    """The demo workspace."""


@pytest.fixture
def ana(demo: None) -> User:
    return User.objects.get(username="ana")


@pytest.fixture
def ben(demo: None) -> User:
    """Of another team than ana."""
    return User.objects.get(username="ben")


@pytest.fixture
def admin(demo: None) -> User:
    return User.objects.get(username="admin")


@pytest.fixture
def cy(demo: None) -> User:
    return users.add(username="cy", password=None, roles=[], by="tests", at=AT)


@pytest.fixture
def nurture(demo: None) -> Workflow:
    return Workflow.objects.get(key="demo-request-nurture")


@pytest.fixture
def browser_of_ana(ana: User) -> Client:
    client = Client()
    client.force_login(ana)
    return client
