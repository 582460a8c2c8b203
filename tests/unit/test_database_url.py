"""Addresses mean to us what they mean to psql."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from martechops.lib import database_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://ana:p%40ss@db.internal/leads", {"USER": "ana", "PASSWORD": "p@ss", "HOST": "db.internal"}),
        ("postgres://ana@%2Ftmp%2FPg-One:5432/leads", {"HOST": "/tmp/Pg-One", "PORT": "5432", "NAME": "leads"}),
        ("postgresql:///leads?host=/run/pg&sslmode=require", {"HOST": "/run/pg", "OPTIONS": {"sslmode": "require"}}),
        ("postgres://ana@one:1,two:2/leads", {"HOST": "one,two", "PORT": "1,2"}),
    ],
)
def test_address_is_read_as_libpq_reads_it(url: str, expected: dict[str, object]) -> None:
    assert expected.items() <= database_url.parse(url).items()


@pytest.mark.parametrize("url", ["sqlite:///leads.db", "mysql://ana@db/leads", "postgres://ana@[db/leads"])
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        database_url.parse(url)


def test_broker_gets_the_same_socket() -> None:
    options = database_url.pgmq_options(database_url.parse("postgres://ana@%2Ftmp%2FPg-One:5432/leads"))
    assert "host=/tmp/Pg-One" in options["conn_string"]
