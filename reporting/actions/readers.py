"""The role by which BI tools and analysts read the views, and nothing else."""

import re
import secrets
from datetime import datetime

from django.db import connection, transaction

from martechops.audit import entries

NAME = "reporting_reader"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


class BadRole(ValueError):
    """No role can be made of this name; the message says why."""


@transaction.atomic
def grant(*, name: str = NAME, by: str, at: datetime) -> str:
    """Make the role, or give it another password; returns that password, which is kept nowhere. Raises BadRole.

    It may read what is in the schema `reporting`; it has no right to write anything. What the views read it cannot read
    itself: they run with the rights of their owner.
    """
    if not _NAME.fullmatch(name):
        raise BadRole(f"{name!r} is no name for a role: small letters, digits and _, at most 63, no digit first.")
    password = secrets.token_urlsafe(24)
    with connection.cursor() as cursor:
        cursor.execute("SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = %s", [name])
        row = cursor.fetchone()
        if row and row[0] != _OURS:
            raise BadRole(f"There is a role {name!r} already that was not made by this command: choose another name.")
        # Names and passwords cannot be parameters of these statements; both hold no quote.
        cursor.execute(f"{'ALTER' if row else 'CREATE'} ROLE {name} LOGIN PASSWORD '{password}'")
        cursor.execute(f"COMMENT ON ROLE {name} IS '{_OURS}'")
        cursor.execute(f"ALTER ROLE {name} SET default_transaction_read_only = on")
        cursor.execute(f"ALTER ROLE {name} SET search_path = reporting")
        cursor.execute(f"ALTER ROLE {name} SET statement_timeout = '5min'")
        cursor.execute(f"GRANT USAGE ON SCHEMA reporting TO {name}")
        cursor.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO {name}")
        cursor.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA reporting GRANT SELECT ON TABLES TO {name}")
    entries.record(action="reader.grant", object_kind="database role", object_key=name, by=by, at=at)
    return password


_OURS = "reads the reporting views of MartechOps"
