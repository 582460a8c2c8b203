"""Rows as a CSV file, line by line, in which no cell is taken for a formula (FAULTS S8)."""

import csv
from collections.abc import Iterable, Iterator, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def lines(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The head first, after the mark by which spreadsheets know UTF-8.

    >>> list(lines(["a"], [["=1+1"], [2]]))[1:]
    ['a\\r\\n', "'=1+1\\r\\n", '2\\r\\n']
    """
    writer = csv.writer(_Echo())
    yield "\ufeff"
    yield writer.writerow(head)
    for row in rows:
        yield writer.writerow([_plain(cell) for cell in row])


class _Echo:
    """Gives a line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _plain(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
