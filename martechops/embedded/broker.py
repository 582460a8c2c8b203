"""The broker inside PostgreSQL: pgmq's tables and functions, put into the installation's own database."""

import psycopg
from pgmq.install import get_embedded_install_sql

#: Any number will do; two starts at once must use the same one.
_LOCK = 7_230_115


def ensure(conninfo: str) -> bool:
    """Install pgmq's SQL where it is missing; True when it was. Its script cannot be run twice, so look first."""
    with psycopg.connect(conninfo) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if connection.execute("SELECT to_regclass('pgmq.meta')").fetchone() != (None,):
            return False
        connection.execute(get_embedded_install_sql())
        return True
