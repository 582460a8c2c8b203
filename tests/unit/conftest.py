"""Unit tests open no database and no socket; test_isolation proves it."""

from collections.abc import Iterator
from typing import NoReturn

import psycopg
import pytest
import pytest_socket
from hypothesis import HealthCheck, settings

# How fast examples are made says something of the machine, and nothing of the code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


class DatabaseReached(Exception):
    """A unit test opened a connection of its own to PostgreSQL."""


@pytest.fixture(autouse=True)
def nothing_outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Python's sockets, psycopg's (it opens them in C), and by pytest-django Django's connections are refused."""
    monkeypatch.setattr(psycopg.Connection, "connect", _refuse)
    monkeypatch.setattr(psycopg, "connect", _refuse)
    pytest_socket.disable_socket(allow_unix_socket=False)
    yield
    pytest_socket.enable_socket()


def _refuse(*args: object, **options: object) -> NoReturn:
    raise DatabaseReached
