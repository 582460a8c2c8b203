"""The demo workspace and its people: ana owns mappings, ben messages, sal routing; cy is a stranger."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from martechops.people.actions import users
from martechops.people.models import User
from workflows.actions import inbound
from workflows.models import Source
from workflows.runtime.advance import advance
from workflows.runtime.deliver import deliver

Send = Callable[..., None]

#: A Monday, in everybody's working hours.
AT = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)


@pytest.fixture
def demo(demo_of_monday: None, db: None) -> None:
    """The demo workspace."""


@pytest.fixture
def ana(demo: None) -> User:
    return User.objects.get(username="ana")


@pytest.fixture
def ben(demo: None) -> User:
    return User.objects.get(username="ben")


@pytest.fixture
def sal(demo: None) -> User:
    return User.objects.get(username="sal")


@pytest.fixture
def admin(demo: None) -> User:
    return User.objects.get(username="admin")


@pytest.fixture
def cy(demo: None) -> User:
    return users.add(username="cy", password=None, roles=[], by="tests", at=AT)


@pytest.fixture
def send(demo: None) -> Send:
    numbers = itertools.count(1)
    source = Source.objects.get(key="demo-site")

    def send(name: str, email: str = "lea@example.com", **properties: Any) -> None:
        message = {
            "type": "track",
            "event": name,
            "messageId": f"m-{next(numbers)}",
            "userId": email,
            "timestamp": (datetime.now(UTC) - timedelta(seconds=1)).isoformat(),
            "properties": properties | {"email": email},
        }
        inbound.receive(source=source, messages=[message], received_at=datetime.now(UTC), sent_at=None)
        while advance() or deliver():
            pass

    return send
