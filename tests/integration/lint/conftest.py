"""The demo workspace, and people looking at it."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from martechops.people.models import User

#: A Monday, in everybody's working hours.
AT = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)


@pytest.fixture
def demo(demo_of_monday: None, db: None) -> None:
    """The demo workspace."""


@pytest.fixture
def ana(demo: None, client: Client) -> Client:
    client.force_login(User.objects.get(username="ana"))
    return client
