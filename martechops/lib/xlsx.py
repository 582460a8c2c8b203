"""Tables as workbooks that spreadsheets open (ECMA-376): the least that makes one, with nothing in it that runs.

Texts are texts whatever they begin with, so that no cell is taken for a formula (FAULTS S8). The same rows make the
same bytes.
"""

import io
import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from xml.sax.saxutils import escape

#: What XML cannot hold, whatever way it is written.
_UNHEARD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_FIXED = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>{types}</Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_DOC}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
}
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(sheets: Sequence[tuple[str, Sequence[str], Iterable[Sequence[object]]]]) -> bytes:
    """A file of sheets, each with its name, heading and rows.

    >>> workbook([("Leads", ["Campaign", "Leads"], [["=1+1", 3]])])[:2]
    b'PK'
    """
    numbers = range(1, len(sheets) + 1)
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        for n in numbers
    )
    listed = "".join(
        f'<sheet name="{_attribute(name)}" sheetId="{n}" r:id="rId{n}"/>'
        for n, (name, _, _) in zip(numbers, sheets, strict=True)
    )
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{_DOC}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    parts = {
        **{name: text.replace("{types}", types) for name, text in _FIXED.items()},
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOC}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{related}</Relationships>',
        **{
            f"xl/worksheets/sheet{n}.xml": _sheet([heading, *rows])
            for n, (_, heading, rows) in zip(numbers, sheets, strict=True)
        },
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in parts.items():
            packed.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), _HEAD + text, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _sheet(rows: Iterable[Sequence[object]]) -> str:
    lines = "".join(f'<row r="{at}">{"".join(_cells(at, row))}</row>' for at, row in enumerate(rows, start=1))
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData></worksheet>'


def _cells(at: int, row: Sequence[object]) -> Iterator[str]:
    for number, value in enumerate(row):
        place = f"{_column(number)}{at}"
        if value is None or value == "":
            continue
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            yield f'<c r="{place}"><v>{value!r}</v></c>'
        else:
            text = escape(_UNHEARD.sub("", str(value))[:32_767])
            yield f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _column(number: int) -> str:
    """
    >>> _column(0), _column(25), _column(26)
    ('A', 'Z', 'AA')
    """
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _attribute(name: str) -> str:
    """A sheet's name: 31 characters, none that a reference uses."""
    return escape(re.sub(r"[\\/?*\[\]:]", " ", _UNHEARD.sub("", name))[:31], {'"': "&quot;"})
