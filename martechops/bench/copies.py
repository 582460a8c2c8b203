"""A pattern of rows, again and again with other people at other times, by COPY.

The rows that a month of stories left are read as COPY writes them. Whatever names somebody or something in a line, be
it a column or a place inside a trace (an id, an address, a key, a day), is cut out once; each copy puts its own there,
the same everywhere, so that every copy is as consistent as the pattern.
"""

import hashlib
import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from workflows.actions import inbound
from workflows.actions.field_changes import MOST_IN_A_ROW

#: In the order in which rows name each other.
TABLES = (
    "workflows_contact",
    "workflows_contactkey",
    "workflows_inboundevent",
    "workflows_run",
    "workflows_trace",
    "workflows_effect",
    "workflows_contactchange",
    "workflows_consententry",
    "workflows_scoreentry",
    "workflows_conversion",
    "workflows_assignment",
    "workflows_handoff",
    "workflows_segmentmember",
    "workflows_audiencemember",
    "workflows_changerequest",
)
#: Column → the table whose id it is.
_NAMES = {
    "contact_id": "workflows_contact",
    "event_id": "workflows_inboundevent",
    "run_id": "workflows_run",
}
_TOKEN = re.compile(
    r"(?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
    r"|(?P<day>20\d\d-\d\d-\d\d)"
    r"|(?P<email>[a-z0-9.]+@example\.com)"
    r"|(?<=contact:)(?P<contact>\d+)"
    r'|(?<="contact_id":)(?P<contact_id>\d+)|(?<="event_id":)(?P<event_id>\d+)|(?<="run_id":)(?P<run_id>\d+)'
)

#: Text as it is, or what kind of name stands there and which.
Piece = str | tuple[str, str]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One table's rows, each as pieces."""

    table: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Piece, ...], ...]


@dataclass(frozen=True, slots=True)
class Month:
    """Everything that the stories left, and how many numbers of each table it takes."""

    patterns: tuple[Pattern, ...]
    spans: dict[str, int]
    #: Key of an event → its source and message id, of which the key is made.
    keys: dict[str, tuple[int, str]]

    @property
    def rows(self) -> int:
        return sum(len(pattern.rows) for pattern in self.patterns)


def read() -> Month:
    """The month that is in the tables now, and nothing else is."""
    with connection.cursor() as cursor:
        patterns = tuple(_pattern(cursor, table) for table in TABLES)
        spans = {}
        for pattern in patterns:
            if "id" in pattern.columns:
                last = MOST_IN_A_ROW if pattern.table == "workflows_contactchange" else 1
                cursor.execute(f"SELECT coalesce(max(id) - min(id) + {last}, 0) FROM {pattern.table}")  # noqa: S608
                spans[pattern.table] = cursor.fetchone()[0]
        cursor.execute("SELECT key::text, source_id, message_id FROM workflows_inboundevent")
        keys = {key: (source_id, message_id) for key, source_id, message_id in cursor.fetchall()}
    return Month(patterns, spans, keys)


def write(month: Month, *, days: Iterable[int], told: Callable[[int], None], together: int = 10) -> None:
    """A copy so many days later for each of `days`; `told` hears how many are there after each transaction."""
    shifts = list(days)
    _reserve(month, len(shifts))
    for start in range(0, len(shifts), together):
        part = range(start, min(start + together, len(shifts)))
        names = [_Names(month, number + 1, shifts[number]) for number in part]
        with transaction.atomic(), connection.cursor() as cursor:
            for pattern in month.patterns:
                _copy(cursor, pattern, names)
        told(part[-1] + 1)


class _Names(dict[tuple[str, str], str]):
    """What one copy puts in the place of each name, made up when it is first asked for."""

    def __init__(self, month: Month, number: int, days: int) -> None:
        super().__init__()
        self.month, self.number, self.days = month, number, timedelta(days=days)

    def __missing__(self, piece: tuple[str, str]) -> str:
        kind, text = piece
        self[piece] = made = self._made(kind, text)
        return made

    def _made(self, kind: str, text: str) -> str:
        if kind == "uuid":
            return self._uuid(text)
        if kind == "day":
            return (date.fromisoformat(text) + self.days).isoformat()
        if kind == "email":
            name, _, host = text.partition("@")
            return f"{name}.{self.number}@{host}"
        return str(int(text) + self.number * self.month.spans[kind])

    def _uuid(self, text: str) -> str:
        """An event's key is made of its message's id, as always."""
        if text in self.month.keys:
            source_id, message_id = self.month.keys[text]
            return str(uuid.UUID(inbound.key_of(source_id, self["uuid", message_id])))
        digest = hashlib.blake2b(f"{self.number}:{text}".encode(), digest_size=16).digest()
        return str(uuid.UUID(bytes=digest))


def _pattern(cursor: CursorWrapper, table: str) -> Pattern:
    columns = tuple(column.name for column in connection.introspection.get_table_description(cursor, table))
    with cursor.cursor.copy(f"COPY {table} ({', '.join(columns)}) TO STDOUT") as copy:
        text = b"".join(bytes(block) for block in copy).decode()
    return Pattern(table, columns, tuple(_pieces(line, columns, table) for line in text.splitlines()))


def _pieces(line: str, columns: tuple[str, ...], table: str) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for number, (column, text) in enumerate(zip(columns, line.split("\t"), strict=True)):
        if number:
            pieces.append("\t")
        owner = table if column == "id" else _NAMES.get(column)
        if owner and text != r"\N":
            pieces.append((owner, text))
        else:
            pieces.extend(_cut(text))
    return (*_joined(pieces), "\n")


def _cut(text: str) -> Iterable[Piece]:
    end = 0
    for found in _TOKEN.finditer(text):
        kind = str(found.lastgroup)
        kind = "workflows_contact" if kind == "contact" else _NAMES.get(kind, kind)
        yield text[end : found.start()]
        yield kind, found.group()
        end = found.end()
    yield text[end:]


def _joined(pieces: Iterable[Piece]) -> Iterable[Piece]:
    """Texts that stand beside each other, as one."""
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        if text:
            yield text
        yield piece
        text = ""
    if text:
        yield text


def _reserve(month: Month, copies: int) -> None:
    """Numbers for all of it, so that whoever works here meanwhile takes none of them."""
    with connection.cursor() as cursor:
        for table, span in month.spans.items():
            if span:
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence(%s, 'id'), max(id) + %s) FROM {table}",  # noqa: S608
                    [table, span * copies],
                )


def _copy(cursor: CursorWrapper, pattern: Pattern, names: Iterable[_Names]) -> None:
    if not pattern.rows:
        return
    rows = f"COPY {pattern.table} ({', '.join(pattern.columns)}) FROM STDIN"
    with cursor.cursor.copy(rows) as copy:
        for name in names:
            texts = [piece if type(piece) is str else name[piece] for row in pattern.rows for piece in row]  # type: ignore[index]
            copy.write("".join(texts))
