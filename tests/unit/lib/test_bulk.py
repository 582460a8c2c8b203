"""Rows as COPY reads them: one line each, whatever stands in a text."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from martechops.lib import bulk


class Word(StrEnum):
    """A kind of text."""

    YES = "yes"


def test_every_kind_of_value_has_its_text() -> None:
    at = datetime(2026, 11, 22, 9, tzinfo=UTC)
    row = (None, True, 3, 0.5, UUID(int=10), at, "Zoë", Word.YES)
    assert bulk.line(row) == f"\\N\tt\t3\t0.5\t{'a':0>32}\t2026-11-22T09:00:00+00:00\tZoë\tyes\n"


def test_a_text_stays_in_its_field_and_on_its_line() -> None:
    assert bulk.line(("a\tb", "c\nd", "e\\N", "f\rg")) == "a\\tb\tc\\nd\te\\\\N\tf\\rg\n"


def test_json_keeps_its_own_escapes() -> None:
    assert bulk.line((bulk.Json({"says": 'a "b"\n\\'}),)) == '{"says":"a \\\\"b\\\\"\\\\n\\\\\\\\"}\n'


def test_rows_together_are_written_as_each_by_itself() -> None:
    """Columns of one type and of several, with and without something to escape."""
    at, plain_kinds = datetime(2026, 11, 22, 9, tzinfo=UTC), (bulk.Json("b"), None)
    plain = [
        (number, "a", *plain_kinds, bulk.Json({"n": number}), at.replace(day=max(number, 1))) for number in range(3)
    ]
    odd = [
        (None, "a\tb", bulk.Json('"c"'), "d", bulk.Json(None), at),
        (True, "\\", bulk.Json(1), 0.5, bulk.Json("é\n"), at),
    ]
    for rows in (plain, odd, [*plain, *odd], []):
        assert bulk._lines(rows, "\tend\n") == "".join([bulk.line((*row, "end")) for row in rows])
