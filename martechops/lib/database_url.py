"""DATABASE_URL, read the way PostgreSQL's own clients read it."""

from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict


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
