"""A unit test that reaches for the world fails."""

import socket

import psycopg
import pytest
import pytest_socket
from django.conf import settings
from django.db import connection

from martechops.embedded import postgres
from tests.unit.conftest import DatabaseReached


def test_no_socket_opens_in_a_unit_test() -> None:
    with pytest.raises(pytest_socket.SocketBlockedError):
        socket.create_connection(("127.0.0.1", 9))


def test_no_unix_socket_opens_in_a_unit_test() -> None:
    with pytest.raises(pytest_socket.SocketBlockedError):
        socket.socket(socket.AF_UNIX)


def test_no_query_runs_in_a_unit_test() -> None:
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        connection.cursor()


def test_no_connection_opens_past_django_in_a_unit_test() -> None:
    conninfo = psycopg.conninfo.make_conninfo(host=str(settings.HOME.socket_folder), user=postgres.USER)
    with pytest.raises(DatabaseReached):
        psycopg.connect(conninfo)
