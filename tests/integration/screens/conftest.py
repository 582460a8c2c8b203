"""People looking at a workspace that has been used."""

import pytest
from django.test import Client

from martechops.people.models import User


@pytest.fixture
def workspace(lived_in_world: None, db: None) -> None:
    """One that has been used."""


@pytest.fixture
def ana(workspace: None, client: Client) -> Client:
    """A marketer."""
    client.force_login(User.objects.get(username="ana"))
    return client


@pytest.fixture
def sal(workspace: None) -> Client:
    """An operator, who may replay."""
    client = Client()
    client.force_login(User.objects.get(username="sal"))
    return client
