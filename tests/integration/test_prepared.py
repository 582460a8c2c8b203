"""Statements that the database keeps: planned once a session, and never for long by what a table held once."""

from collections.abc import Sequence

import pytest
from django.db import DatabaseError, connection, transaction

from martechops.lib import prepared

pytestmark = pytest.mark.django_db


def kept() -> Sequence[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements WHERE NOT from_sql")
        return [row[0] for row in cursor.fetchall()]


def doubled(number: int) -> int:
    with prepared.cursor() as cursor:
        cursor.execute("SELECT 2 * %s::int", [number])
        return int(cursor.fetchone()[0])


def test_statement_is_kept_and_others_are_not() -> None:
    assert [doubled(21), doubled(4)] == [42, 8]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 3 * %s::int", [2])
    assert [text for text in kept() if "*" in text] == ["SELECT 2 * $1::int"]
    assert connection.connection.prepare_threshold is None


def test_statement_that_fails_is_given_again_after_its_transaction() -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), prepared.cursor() as cursor:
        cursor.execute("SELECT 1 / %s::int", [0])
    assert doubled(3) == 6


def test_table_that_changed_fails_one_transaction_and_no_more() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE shape AS SELECT 1 AS one")

    def rows() -> list[tuple[int | None, ...]]:
        with transaction.atomic(), prepared.cursor() as cursor:
            cursor.execute("SELECT * FROM shape WHERE one < %s::int", [9])
            return cursor.fetchall()  # type: ignore[no-any-return]

    assert rows() == [(1,)]
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO shape VALUES (2)")
        cursor.execute("ALTER TABLE shape ADD COLUMN two int")
    with pytest.raises(DatabaseError, match="result type"):
        rows()
    assert sorted(rows()) == [(1, None), (2, None)]


def test_plans_are_made_anew_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    assert doubled(1) == 2
    monkeypatch.setattr(connection.connection, "execute", told.append)
    doubled(1)
    assert told == []
    monkeypatch.setattr(prepared, "KEPT_SECONDS", -1.0)
    assert doubled(5) == 10
    assert told == ["DISCARD PLANS"]
