"""Reports as files and messages: CSV, text and HTML, with what was verified."""

import csv
import io
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from reporting.models import Report

#: Spreadsheets take a cell that begins so for a formula (FAULTS S13); an apostrophe keeps it text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: As many rows stand in a message; the rest is behind the link.
_ROWS = 30


def title(report: Report) -> str:
    """As people called it when it was made."""
    return str(report.table.get("title") or report.key.replace("-", " ").capitalize())


def as_csv(report: Report) -> str:
    """The whole table, for a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(report.table["titles"])
    writer.writerows([_safe(cell) for cell in row] for row in report.table["rows"])
    return text.getvalue()


def delivered(report: Report, *, address: str) -> dict[str, Any]:
    """What is sent to whoever reads it: a subject, text, HTML, and the file."""
    name = title(report)
    subject = name if report.holds else f"{name}: not everything holds"
    return {
        "subject": subject,
        "text": _text(report, address),
        "html": _html(report, address),
        "csv": as_csv(report),
        "file": f"{report.key}-{report.at:%Y-%m-%d}.csv",
        "paper": {"file": f"{report.key}-{report.at:%Y-%m-%d}.pdf", "report": on_paper(report, address=address)},
        "report": report.pk,
        "holds": report.holds,
    }


def on_paper(report: Report, *, address: str) -> dict[str, Any]:
    """All of it as `martechops.lib.paper` sets it."""
    rows = report.table["rows"]
    return {
        "title": title(report),
        "at": f"{report.at:%-d %b %Y %H:%M} UTC",
        "address": address,
        "titles": [str(name) for name in report.table["titles"]],
        "right": [any(isinstance(row[at], int | float) for row in rows) for at in range(len(report.table["titles"]))],
        "rows": [[_said(cell) for cell in row] for row in rows],
        "checks": [
            {
                "name": check["name"],
                "stands": "holds" if check["holds"] else "DOES NOT HOLD",
                "says": check["says"],
            }
            for check in report.checks
        ],
        "definitions": [f"{name}: version {version[0]}" for name, version in sorted(report.definitions.items())],
    }


def _said(cell: Any) -> str:
    """A number with its thousands apart; a dash where nothing can be said."""
    if cell is None:
        return "—"
    return f"{cell:,}" if isinstance(cell, int | float) else str(cell)


def _text(report: Report, address: str) -> str:
    rows = [report.table["titles"], *report.table["rows"]][: _ROWS + 1]
    lines = [f"{title(report)}, {report.at:%Y-%m-%d %H:%M} UTC", "", *_columns(rows), ""]
    lines += [
        f"{'holds' if check['holds'] else 'DOES NOT HOLD'}  {check['name']}: {check['says']}" for check in report.checks
    ]
    return "\n".join([*lines, "", address])


def _columns(rows: Sequence[Sequence[Any]]) -> Iterable[str]:
    texts = [["" if cell is None else f"{cell}" for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in texts) for at in range(len(texts[0]))]
    for row in texts:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _html(report: Report, address: str) -> str:
    head = "".join(f"<th align=left>{escape(str(cell))}</th>" for cell in report.table["titles"])
    body = "".join(
        "<tr>" + "".join(f"<td>{'' if cell is None else escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in report.table["rows"][:_ROWS]
    )
    checks = "".join(
        f"<li>{'holds' if check['holds'] else '<b>does not hold</b>'}: "
        f"{escape(check['name'])}, {escape(check['says'])}</li>"
        for check in report.checks
    )
    return (
        f"<h1>{escape(title(report))}</h1><p>{report.at:%Y-%m-%d %H:%M} UTC</p>"
        f"<table cellpadding=6><tr>{head}</tr>{body}</table><ul>{checks}</ul>"
        f'<p><a href="{escape(address)}">{escape(address)}</a></p>'
    )


def _safe(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
