"""Tables as CSV files that a spreadsheet opens without running anything (FAULTS S8).

>>> table(["Name", "Count"], [["=1+1", 3]]).decode("utf-8-sig").splitlines()
['Name,Count', "'=1+1,3"]
"""

import csv
import io
from collections.abc import Iterable, Sequence

#: What a spreadsheet would take a cell for a formula by.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def plain(cell: str) -> str:
    """The cell as text, whatever it begins with."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def table(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A whole file with its heading line."""
    made = io.StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow(heading)
    writer.writerows([plain(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return made.getvalue().encode("utf-8-sig")
