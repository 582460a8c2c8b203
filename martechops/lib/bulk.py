"""Many rows in one statement, for what machines write.

COPY in PostgreSQL's text form, its lines made here: psycopg's own conversion of Python values costs 12 µs an element,
which at some forty elements an event would be most of the time there is.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.db.backends.utils import CursorWrapper


class Json:
    """A value for a json or jsonb column."""

    __slots__ = ("text",)

    def __init__(self, value: Any) -> None:
        self.text = orjson.dumps(value).decode()


def copy_rows(cursor: CursorWrapper, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Append rows by COPY; nothing is sent for an empty list.

    A value is None, a bool, a number, a UUID, an aware datetime, text, or `Json`. Raises Django's database errors;
    the caller holds a savepoint where a conflict is expected.
    """
    lines = "".join([line(row) for row in rows])
    if not lines:
        return
    names = ", ".join(f'"{column}"' for column in columns)
    # Django wraps what goes through its own cursor; COPY goes around it.
    with cursor.db.wrap_database_errors, cursor.cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
        copy.write(lines)


def copy_records(cursor: CursorWrapper, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """`copy_rows` for rows that name their columns; every row names the same ones."""
    if rows:
        copy_rows(cursor, table, tuple(rows[0]), [tuple(row.values()) for row in rows])


def take_ids(cursor: CursorWrapper, table: str, count: int) -> list[int]:
    """The next numbers of a table's `id` sequence, so that rows can name each other before they are written."""
    if not count:
        return []
    cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count])
    return [row[0] for row in cursor.fetchall()]


def array(values: Iterable[Any]) -> str:
    """Numbers or plain words as an array literal, for `= ANY(%s::bigint[])`.

    >>> array([1, 2])
    '{1,2}'
    """
    return "{" + ",".join(map(str, values)) + "}"


def text_array(values: Iterable[str]) -> str:
    r"""Any texts as an array literal, for `%s::text[]`: a tenth of what psycopg's own conversion of a list costs.

    >>> print(text_array(['plain', 'say "yes"', 'back\\slash']))
    {"plain","say \"yes\"","back\\slash"}
    """
    return '{"' + '","'.join([value.replace("\\", "\\\\").replace('"', '\\"') for value in values]) + '"}'


def texts(values: Iterable[str]) -> str:
    """Any texts as one JSON text, for `json_array_elements_text(%s::json)`."""
    return orjson.dumps(list(values)).decode()


def records(rows: Iterable[dict[str, Any]]) -> str:
    """Rows as one JSON text, for `json_to_recordset(%s)`: one parameter however many rows."""
    return orjson.dumps(list(rows)).decode()


def line(row: Sequence[Any]) -> str:
    return "\t".join([_text(value) for value in row]) + "\n"


def _text(value: Any) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, str):
        return _escaped(value)
    if isinstance(value, Json):
        return _escaped(value.text)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value)


def _escaped(text: str) -> str:
    """Four searches by the C library cost a sixth of `str.translate`, which looks every character up."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
