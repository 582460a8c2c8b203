"""The demo workspace and its people: ana owns, ben approves, cy is a stranger."""

from datetime import UTC, datetime

import pytest

from campaigns.demo import workspace
from martechops.people.actions import users
from martechops.people.models import User

#: A Monday, in everybody's working hours.
AT = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)


@pytest.fixture
def demo(db: None) -> None:
    workspace.load(at=AT)


@pytest.fixture
def ana(demo: None) -> User:
    return User.objects.get(username="ana")


@pytest.fixture
def ben(demo: None) -> User:
    return User.objects.get(username="ben")


@pytest.fixture
def admin(demo: None) -> User:
    return User.objects.get(username="admin")


@pytest.fixture
def cy(demo: None) -> User:
    return users.add(username="cy", password=None, roles=[], by="tests", at=AT)
