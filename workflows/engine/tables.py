"""A file of people with a heading line: how it is written, what its columns may be, and a row as a message.

Rows become messages, so an import is recognised, mapped, checked against authority and kept like everything that comes
in. A message's id is made from what its row says, so the same row is the same message, whichever file it is in.
"""

import csv
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TextIO

import orjson

from martechops.lib.frozen import dataclass

from . import consents, identity
from .mapping import CompiledMapping

DELIMITERS = (",", ";", "\t", "|")
#: In order; the last one reads any bytes.
ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")
MOST_COLUMNS = 200
LONGEST_CELL = 10_000
#: Looked at to see how the file is written.
SAMPLE_LINES = 50

#: What a column is besides a field: the key that the sender's own system knows the person by.
USER_ID = "user_id"
LEFT_OUT = ""


class BadTable(ValueError):
    """The file cannot be read as a table; the message says where."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading as it stands there, and the name its values go by."""

    heading: str
    key: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it begins at, its values by column, and what is wrong with its shape."""

    line: int
    cells: Mapping[str, str]
    problem: str = ""


def encoding_of(raw: bytes) -> str:
    """By which encoding the whole file can be read.

    >>> encoding_of("Zoë".encode()), encoding_of("Zoë".encode("cp1252")), encoding_of("Zoë".encode("utf-16"))
    ('utf-8-sig', 'cp1252', 'utf-16')
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    for encoding in ENCODINGS:
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise AssertionError("latin-1 reads any bytes")


def delimiter_of(sample: str) -> str:
    """The one that cuts the first lines into most columns, evenly.

    >>> delimiter_of('name;note\\nAna;"a, b"\\nBen;c')
    ';'
    """

    def evenness(delimiter: str) -> tuple[float, int]:
        try:
            rows = list(islice(csv.reader(sample.splitlines(), delimiter=delimiter), SAMPLE_LINES))
        except csv.Error:
            return (0.0, 0)
        widths = [len(row) for row in rows if row]
        if not widths or widths[0] < 2:
            return (0.0, 0)
        return (sum(width == widths[0] for width in widths) / len(widths), widths[0])

    return max(DELIMITERS, key=evenness)


def columns_of(headings: Sequence[str]) -> tuple[Column, ...]:
    """Columns with names of their own. Raises `BadTable`.

    >>> [column.key for column in columns_of(["First name", "E-Mail", "first name", ""])]
    ['first_name', 'e_mail', 'first_name_2', 'column_4']
    """
    if len(headings) > MOST_COLUMNS:
        raise BadTable(f"it has {len(headings)} columns; {MOST_COLUMNS} are the most")
    if not any(heading.strip() for heading in headings):
        raise BadTable("its first line holds no headings")
    if any("\0" in heading for heading in headings):
        raise BadTable("a heading holds the character U+0000: it is no text file")
    taken: dict[str, int] = {}
    found = []
    for number, heading in enumerate(headings, 1):
        key = re.sub(r"[^a-z0-9]+", "_", heading.strip().lower()).strip("_") or f"column_{number}"
        taken[key] = taken.get(key, 0) + 1
        found.append(Column(heading.strip() or f"Column {number}", key if taken[key] == 1 else f"{key}_{taken[key]}"))
    return tuple(found)


def rows_of(text: TextIO, *, delimiter: str) -> tuple[tuple[Column, ...], Iterator[Row]]:
    """The columns and, lazily, every row that is not empty. Raises `BadTable`, also while it is read."""
    reader = csv.reader(text, delimiter=delimiter, strict=False)
    columns = columns_of(_next(reader) or [])
    return columns, _rows(reader, columns)


def _next(reader: Any) -> list[str] | None:
    try:
        found: list[str] | None = next(reader, None)
    except csv.Error as error:
        raise BadTable(f"line {reader.line_num}: {error}") from None
    return found


def _rows(reader: Any, columns: Sequence[Column]) -> Iterator[Row]:
    line = reader.line_num + 1
    while (cells := _next(reader)) is not None:
        if any(cell.strip() for cell in cells):
            yield _row(line, cells, columns)
        line = reader.line_num + 1


def _row(line: int, cells: list[str], columns: Sequence[Column]) -> Row:
    named = {column.key: cell.strip() for column, cell in zip(columns, cells, strict=False)}
    extra = [cell for cell in cells[len(columns) :] if cell.strip()]
    problem = ""
    if extra:
        problem = f"has {len(cells)} values for {len(columns)} columns; one may hold an unquoted separator"
    elif any("\0" in cell for cell in cells):
        problem = "holds the character U+0000"
    elif any(len(cell) > LONGEST_CELL for cell in cells):
        problem = f"holds a value longer than {LONGEST_CELL} characters"
    return Row(line, {key: cell[:LONGEST_CELL].replace("\0", "") for key, cell in named.items()}, problem)


#: Headings as other tools export them, by the field they usually are.
_USUAL = {
    "email": ("e_mail", "mail", "email_address", "e_mail_address", "work_email", "business_email", "contact_email"),
    "first_name": ("firstname", "given_name", "vorname", "prenom", "fname"),
    "last_name": ("lastname", "surname", "family_name", "nachname", "nom", "lname"),
    "company": ("company_name", "organisation", "organization", "account", "account_name", "firma"),
    "company_size": ("employees", "number_of_employees", "no_of_employees", "size", "headcount"),
    "phone": ("telephone", "phone_number", "mobile", "mobile_phone", "tel"),
    "lifecycle_stage": ("stage", "lead_status", "lifecyclestage"),
    "consent.email": ("consent", "opt_in", "email_opt_in", "marketing_consent", "newsletter", "subscribed"),
    USER_ID: ("userid", "external_id", "customer_id", "contact_id", "crm_id", "id"),
}


def suggestions(columns: Sequence[Column], targets: Sequence[str]) -> dict[str, str]:
    """Which target each column most likely is, by its name; each target once, LEFT_OUT where nothing fits."""
    free = list(targets)
    found: dict[str, str] = {}
    for column in columns:
        plain = column.key.replace("_", "")
        match = next((target for target in free if _plain(target) == plain), None) or next(
            (target for target in free if column.key in _USUAL.get(target, ())), None
        )
        found[column.key] = match or LEFT_OUT
        if match:
            free.remove(match)
    return found


def _plain(target: str) -> str:
    return re.sub(r"[^a-z0-9]", "", target.lower())


def trait(field: str) -> tuple[str, ...]:
    """Where a message has the value of a field; consent for a purpose stands beside that of its channel.

    >>> trait("company"), trait("consent.email"), trait("consent.email.news")
    (('company',), ('consent', 'email'), ('purposes', 'email', 'news'))
    """
    group, *names = field.split(".")
    return consents.place(tuple(names)) if group == "consent" and names else (group, *names)


def message(values: Mapping[str, Any], *, user_id: str) -> dict[str, Any]:
    """What a row says of a person, its values already those of fields, as an identify message.

    >>> said = message({"email": "ana@example.com", "consent.email": "granted"}, user_id="7")
    >>> said["userId"], said["traits"]
    ('7', {'email': 'ana@example.com', 'consent': {'email': 'granted'}})
    """
    traits: dict[str, Any] = {}
    for name, value in values.items():
        *groups, last = trait(name)
        place = traits
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = value
    said: dict[str, Any] = {"type": "identify", "traits": traits}
    if user_id:
        said["userId"] = user_id
    digest = hashlib.blake2b(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
    return said | {"messageId": f"row-{digest}"}


@dataclass(frozen=True, slots=True)
class Reading:
    """How the columns of one file are read: as fields, and one perhaps as the person's key at the sender."""

    mapping: CompiledMapping
    #: The column that holds the sender's key of a person.
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A row as it was understood: its values by field, or why it cannot be taken."""

    line: int
    values: Mapping[str, Any]
    user_id: str
    problems: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """What the person is recognised by, strongest first."""
        return identity.keys({"traits": {"email": self.values.get("email")}, "userId": self.user_id or None})


def read(row: Row, reading: Reading) -> Read:
    """Values of the right types; a value that is not makes the whole row one to be mended."""
    mapped = reading.mapping.apply({"row": dict(row.cells)})
    problems = [row.problem] if row.problem else []
    problems += [f"{target} {problem}" for target, problem in mapped.violations]
    problems += [f"{target} is missing" for target in mapped.missing]
    user_id = row.cells.get(reading.user_id or "", "")
    found = Read(row.line, mapped.values, user_id, tuple(problems))
    if not problems and not found.keys:
        return Read(row.line, mapped.values, user_id, ("neither an e-mail address nor a user id says who it is",))
    return found


def choices_as_rows(choices: Mapping[str, Mapping[str, Any]], *, types: Mapping[str, str]) -> list[dict[str, Any]]:
    """What was chosen for the columns, as rows of a mapping; `types` are those of the fields."""
    rows = []
    for column, choice in choices.items():
        if choice["to"] == USER_ID:
            continue
        row = {"from": f"row.{column}", "to": choice["to"], "type": types[choice["to"]]}
        row |= {word: choice[word] for word in ("as", "timezone", "allowed") if choice.get(word)}
        rows.append(row)
    return rows
