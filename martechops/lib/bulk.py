"""Many rows in one statement, for what machines write.

COPY in PostgreSQL's text form, its lines made here: psycopg's own conversion of Python values costs 12 µs an element,
which at 180 elements an event would be most of the time there is. Column by column: mostly all values of one are of one
type, and a look at all of them together says that none needs an escape. Rows of changes (8 columns) cost 2.0 µs each
element by element, 1.2 µs this way.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import repeat
from types import MappingProxyType, NoneType
from typing import Any
from uuid import UUID

import orjson
from django.db.backends.utils import CursorWrapper


class Json:
    """A value for a json or jsonb column."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def copy_rows(
    cursor: CursorWrapper,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    same: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Append rows by COPY; nothing is sent for an empty list. `same` are columns with one value for all rows.

    A value is None, a bool, a number, a UUID, an aware datetime, text, or `Json`. Raises Django's database errors;
    the caller holds a savepoint where a conflict is expected.
    """
    end = "".join(["\t" + _TEXTS[type(value)](value) for value in same.values()]) + "\n"
    lines = _lines(rows, end)
    if not lines:
        return
    names = ", ".join(f'"{column}"' for column in (*columns, *same))
    # Django wraps what goes through its own cursor; COPY goes around it.
    with cursor.db.wrap_database_errors, cursor.cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
        copy.write(lines)


def copy_records(cursor: CursorWrapper, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """`copy_rows` for rows that name their columns, where there are few; every row names the same ones."""
    if rows:
        copy_rows(cursor, table, tuple(rows[0]), [tuple(row.values()) for row in rows])


def take_ids(cursor: CursorWrapper, table: str, count: int) -> list[int]:
    """The next numbers of a table's `id` sequence, so that rows can name each other before they are written."""
    if not count:
        return []
    # In a query of its own the sequence is looked up once, not for every number: that cost seven times the number.
    cursor.execute(
        "SELECT nextval((SELECT pg_get_serial_sequence(%s, 'id')::regclass)) FROM generate_series(1, %s)",
        [table, count],
    )
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
    """One row as COPY reads it."""
    return _fields(row) + "\n"


def _lines(rows: Iterable[Sequence[Any]], end: str) -> str:
    r"""All of them, each with the same end.

    >>> _lines([(1, "a", None), (2, "b|", 3)], "|x").replace("\t", "|")
    '1|a|\\N|x2|b||3|x'
    """
    columns = [_column(values) for values in zip(*rows, strict=True)]
    return "".join([text + end for text in map("\t".join, zip(*columns, strict=True))])


def _column(values: Sequence[Any]) -> Iterable[str]:
    kinds = set(map(type, values))
    if len(kinds) > 1:
        return [_TEXTS[type(value)](value) for value in values]
    (kind,) = kinds
    if kind is NoneType:
        return repeat(r"\N", len(values))
    if kind is datetime:
        return _instants(values)
    if kind is str:
        return values if _is_plain("".join(values)) else map(_text, values)
    if kind is Json:
        return _jsons([json.value for json in values])
    return map(_TEXTS[kind], values)


def _instants(values: Iterable[datetime]) -> Iterator[str]:
    """Mostly all are one, that of the batch; and where they are not, no two are."""
    last, text = None, ""
    for value in values:
        if value is not last:
            last, text = value, value.isoformat()
        yield text


def _jsons(values: Sequence[Any]) -> Iterable[str]:
    if set(map(type, values)) <= {str, type(None)}:
        together = "".join([value for value in values if value is not None])
        if _is_plain(together) and '"' not in together:
            return ["null" if value is None else f'"{value}"' for value in values]
    return [_json(value) for value in values]


def _is_plain(text: str) -> bool:
    return text.isprintable() and "\\" not in text


def _fields(row: Sequence[Any]) -> str:
    return "\t".join([_TEXTS[type(value)](value) for value in row])


def _text(text: str) -> str:
    """Nearly every text needs nothing: to ask that costs a third of replacing what is not there."""
    if _is_plain(text):
        return text
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def _json(value: Any) -> str:
    """Its own escapes leave nothing else to escape than their backslash; what is plain is written without asking."""
    if value is None:
        return "null"
    if type(value) is str and value.isprintable() and '"' not in value and "\\" not in value:
        return f'"{value}"'
    return orjson.dumps(value).decode().replace("\\", "\\\\")


class _Texts(dict[type, Callable[[Any], str]]):
    """How a value of each type is written; of another type, as that type which it is a kind of."""

    def __missing__(self, kind: type) -> Callable[[Any], str]:
        found = next((way for base, way in tuple(self.items()) if issubclass(kind, base)), str)
        self[kind] = found
        return found


_TEXTS = _Texts(
    {
        type(None): lambda _: r"\N",
        str: _text,
        Json: lambda json: _json(json.value),
        bool: lambda value: "t" if value else "f",
        int: int.__repr__,
        float: float.__repr__,
        UUID: lambda value: value.hex,
        datetime: lru_cache(maxsize=64)(datetime.isoformat),  # a batch has one instant for most of its columns
    }
)
