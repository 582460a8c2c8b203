"""Pages to be printed or passed on, set by Typst from a sheet.

What people wrote reaches it as data, so that nothing of it is markup. Nothing but the sheet is read, and no hour goes
in, so the same words make the same bytes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import orjson
import typst

_REPORT = Path(__file__).with_name("report.typ")
#: Dots of a picture to an inch.
_DENSITY = 144.0


class NotSet(Exception):
    """The pages could not be made; the message says why."""


def typeset(sheet: Path, said: Mapping[str, Any], form: Literal["pdf", "png", "svg"]) -> bytes:
    """The sheet with what is said filled in: its folder is all that it may see, and there is no package in it.

    Raises NotSet.
    """
    data, folder = {"said": orjson.dumps(said).decode()}, sheet.parent
    try:
        return typst.compile(sheet, format=form, ppi=_DENSITY, sys_inputs=data, root=folder, package_path=folder)
    except typst.TypstError as error:
        raise NotSet(f"the pages could not be set: {error}") from None


def report(said: Mapping[str, Any]) -> bytes:
    """A table with its title, the hour it is of, what was verified and by which definitions it was counted, as PDF.

    `said` holds texts: title, at, address, titles, rows, checks of (mark, name, words), definitions of (name, version).
    """
    return typeset(_REPORT, said, "pdf")
