"""The rows of an import that were not taken, as a file of the same columns: mended, it can be uploaded again."""

import csv
from collections.abc import Iterator

from martechops.lib.spreadsheets import plain
from workflows.models import Import
from workflows.queries import imports


def file_name(import_: Import) -> str:
    """What the file is called.

    >>> file_name(Import(file_name="people.csv"))
    'people-refused.csv'
    """
    return f"{import_.file_name.rsplit('.', 1)[0]}-refused.csv"


def lines(import_: Import) -> Iterator[str]:
    """Line by line, with the line of the original and the reason behind each row."""
    writer = csv.writer(_Echo(), delimiter=import_.delimiter)
    keys = [column["key"] for column in import_.columns]
    yield "\ufeff"
    yield writer.writerow([*(plain(column["heading"]) for column in import_.columns), "Line", "Why not taken"])
    for refusal in imports.refusals_of(import_):
        cells = [plain(refusal.cells.get(key, "")) for key in keys]
        yield writer.writerow([*cells, refusal.line, plain("; ".join(refusal.reasons))])


class _Echo:
    """Gives a line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line
