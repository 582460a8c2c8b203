"""People in tests: ana owns, ben approves, cy is a stranger."""

from datetime import UTC, datetime

import pytest

from martechops.people.actions import teams, users
from martechops.people.models import Role, Team, User

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def marketing_ops(db: None) -> Team:
    return teams.add(key="marketing-ops", name="Marketing ops", duty="Runs the workflows.", by="tests", at=NOON)


@pytest.fixture
def ana(marketing_ops: Team) -> User:
    return users.add(username="ana", password=None, roles=[Role.MARKETER], teams=[marketing_ops], by="tests", at=NOON)


@pytest.fixture
def ben(db: None) -> User:
    return users.add(username="ben", password=None, roles=[Role.APPROVER], by="tests", at=NOON)


@pytest.fixture
def cy(db: None) -> User:
    return users.add(username="cy", password=None, roles=[], by="tests", at=NOON)


@pytest.fixture
def root(db: None) -> User:
    return users.add(username="root", password=None, roles=[Role.ADMIN], by="tests", at=NOON)
