"""Statements that are asked all the time, read and planned by the database once a session instead of every time.

Django hands a statement over as a text with its values in it, which PostgreSQL reads and plans anew each time. Of its
CPU a batch of one event cost 6.8 to 10.9 ms that way and 3.9 to 6.8 this way, a reservation of five effects 3.3 to 5.2
and 1.9 to 2.6 ms, in turn on a busy machine; Python costs the same.
"""

import time
import weakref
from typing import Any

import orjson
import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import TransactionStatus

#: A plan that was made while a table was nearly empty is not kept for longer.
KEPT_SECONDS = 10.0
#: Of a session; few of them take part in most of what it does.
MOST_KEPT = 300

#: Sessions, and when their plans were made; 0 where one of their statements is no longer like it was planned.
_planned: "weakref.WeakKeyDictionary[psycopg.Connection[Any], float]" = weakref.WeakKeyDictionary()


def cursor() -> CursorWrapper:
    """As `connection.cursor()`, for statements whose text is the same each time and whose values are parameters.

    A statement whose result has other columns since it was planned, after a migration, fails once.
    """
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    session = connection.connection
    if session.info.transaction_status != TransactionStatus.INERROR:
        _forget_old_plans(session)
    kept: Any = _Kept(session)
    return connection.make_debug_cursor(kept) if connection.queries_logged else connection.make_cursor(kept)


def _forget_old_plans(session: "psycopg.Connection[Any]") -> None:
    now = time.monotonic()
    since = _planned.get(session)
    if since is None:
        session.prepared_max = MOST_KEPT
        session.adapters.register_loader("json", _Json)
    elif since == 0:
        with connection.wrap_database_errors:
            _Kept(session).execute("DEALLOCATE ALL", prepare=False)
    elif now - since < KEPT_SECONDS:
        return
    else:
        with connection.wrap_database_errors:
            session.execute("DISCARD PLANS")
    _planned[session] = now


class _Json(Loader):
    """Columns cast to json, read in a fifth of the time that the standard library takes; jsonb is left to Django."""

    def load(self, data: Buffer) -> Any:
        return orjson.loads(data)


class _Kept(psycopg.Cursor[Any]):
    """Prepares what it is given, and nothing else: of other statements psycopg would keep the texts, values and all."""

    def execute(self, query: Any, params: Any = None, *, prepare: bool | None = True, **options: Any) -> Any:
        session = self.connection
        session.prepare_threshold = 0
        try:
            return super().execute(query, params, prepare=prepare, **options)
        except psycopg.errors.FeatureNotSupported:
            _planned[session] = 0.0
            raise
        finally:
            session.prepare_threshold = None
