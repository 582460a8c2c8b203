"""The role by which BI tools and analysts read the views, and nothing else."""

import re
import secrets
from datetime import datetime

from django.db import connection, transaction

from martechops.audit import entries

NAME = "reporting_reader"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
#: Sessions of one role at once, and how long a statement or an idle transaction of theirs may last.
SESSIONS, MOST_MINUTES = 8, 5
#: What PostgreSQL lets whoever may sign in do: take the locks by which workers share out work, store large objects.
_NOT_FOR_ALL = (
    *(f"pg_{way}advisory_{kind}" for way in ("", "try_") for kind in ("lock", "lock_shared")),
    *(f"pg_{way}advisory_{kind}" for way in ("", "try_") for kind in ("xact_lock", "xact_lock_shared")),
    *("lo_creat", "lo_create", "lo_from_bytea"),
)


class BadRole(ValueError):
    """No role can be made of this name; the message says why."""


@transaction.atomic
def grant(*, name: str = NAME, by: str, at: datetime) -> str:
    """Make the role, or give it another password; returns that password, which is kept nowhere. Raises BadRole.

    It may read what is in the schema `reporting`; it has no right to write anything. What the views read it cannot read
    itself: they run with the rights of their owner. A session may set its own time limits away, so that `end_overdue`
    ends what outlasts them.
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
        cursor.execute(f"ALTER ROLE {name} CONNECTION LIMIT {SESSIONS}")
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"ALTER ROLE {name} SET {limit} = '{MOST_MINUTES}min'")
        cursor.execute(f"GRANT USAGE ON SCHEMA reporting TO {name}")
        cursor.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO {name}")
        cursor.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA reporting GRANT SELECT ON TABLES TO {name}")
    _keep_for_us()
    entries.record(action="reader.grant", object_kind="database role", object_key=name, by=by, at=at)
    return password


def _keep_for_us() -> None:
    """Take from PUBLIC what harms the work; only where we are superuser, and so keep it ourselves.

    On a database of somebody's own the application may live by these very rights: docs/reporting.md says what to run.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, quote_ident(current_database()) FROM pg_roles WHERE rolname = current_user")
        is_super, database = cursor.fetchone()
        if not is_super:
            return
        cursor.execute(f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC")
        cursor.execute(
            "SELECT oid::regprocedure FROM pg_proc "
            "WHERE pronamespace = 'pg_catalog'::regnamespace AND proname = ANY(%s)",
            [list(_NOT_FOR_ALL)],
        )
        for (function,) in cursor.fetchall():
            cursor.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")


def end_overdue() -> int:
    """End sessions of these roles whose transaction lasts longer than it may, because it keeps locks; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM (
                SELECT pid FROM pg_stat_activity
                WHERE shobj_description(usesysid, 'pg_authid') = %s AND pg_has_role(usesysid, 'USAGE')
                    AND xact_start < clock_timestamp() - make_interval(mins => %s) OFFSET 0
            ) AS overdue
            """,
            [_OURS, 2 * MOST_MINUTES],
        )
        ended: int = cursor.fetchone()[0]
    return ended


_OURS = "reads the reporting views of MartechOps"
