"""DATABASE_URL, read the way PostgreSQL's own clients read it."""

from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict, make_conninfo


def parse(url: str) -> dict[str, Any]:
    """Django's settings for a database; raises ImproperlyConfigured for anything that is not PostgreSQL.

    libpq does the reading, so that unix sockets (`postgres://user@%2Frun%2Fpg/name`), several hosts and options such as
    `?sslmode=require` mean what they mean to psql. django-environ leaves `%2F` as it is.

    >>> parse("postgres://ana@%2Frun%2Fpg:5433/leads?sslmode=require")["HOST"]
    '/run/pg'
    """
    if not url.startswith(("postgres://", "postgresql://")):
        raise ImproperlyConfigured("DATABASE_URL must start with postgres:// (PostgreSQL 15 or newer).")
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError as error:
        raise ImproperlyConfigured("DATABASE_URL is not an address that PostgreSQL understands.") from error
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": parts,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }


def pgmq_options(database: dict[str, Any]) -> dict[str, Any]:
    """kombu's options for pgmq:// in that database, as measured: a ring is heard in about 6 ms, an idle worker sleeps.

    Its commits do not wait for the disk: what a doorbell was for, that a crash of the database takes with it, is found
    by the sweep, as with any other that was lost; and one that is heard twice finds nothing to do.

    It is always this database, whatever stands after pgmq://, and given as libpq's words, because pgmq lowercases and
    does not unquote the host of an address.
    """
    return {
        "conn_string": make_conninfo(
            dbname=database["NAME"] or None,
            user=database["USER"] or None,
            password=database["PASSWORD"] or None,
            host=database["HOST"] or None,
            port=database["PORT"] or None,
            options="-c synchronous_commit=off",
        ),
        "init_extension": False,
        "use_notify": True,
        "notify_throttle_interval_ms": 0,
        "wait_time_seconds": 0,
        "polling_interval": 1,
        "pool_size": 2,
        "pool_timeout": 2,
        "visibility_timeout": 30,
    }
