"""Dashboards on paper: the whole of one as PDF, its chart as PNG and SVG, in light colours whatever the screen has.

Set by Typst from one sheet (`board.typ`). What people wrote reaches it as data, so that nothing of it is markup there.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from martechops.lib import paper

_SHEET = Path(__file__).with_name("board.typ")
#: Looks of the classes that `reporting.views.charts` draws with; widths are parts of a picture 100 wide.
_LOOKS = (
    ".trend-line{fill:none;stroke:#2f49d1;stroke-width:.3;stroke-linejoin:round;stroke-linecap:round}"
    ".trend-area{fill:#2f49d1;opacity:.1}"
    ".trend-former{fill:none;stroke:#6b6861;stroke-width:.2;stroke-dasharray:.7 .7}"
    ".trend-grid{stroke:#e7e5e0;stroke-width:.15}"
    ".trend-target{stroke:#1a6b3c;stroke-width:.2;stroke-dasharray:1.6 .9}"
    ".trend-mark{stroke:#8a5200;stroke-width:.2;stroke-dasharray:.3 .6}"
    ".trend-hover{fill:none}.step-track{fill:#f1f0ed}.step-bar{fill:#2f49d1}"
)

Form: TypeAlias = Literal["png", "svg"]
#: By the ending of the file: its type.
CHARTS: Mapping[str, tuple[Form, str]] = {"png": ("png", "image/png"), "svg": ("svg", "image/svg+xml")}


def picture(drawn: str, *, alt: str, height: float = 40.0) -> dict[str, str]:
    """A picture of the page as one that stands alone: with its namespace, size and looks."""
    head, _, rest = drawn.partition(">")
    head = head.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    if head.endswith("/"):  # nothing is drawn in it
        head, rest = head.removesuffix("/"), "</svg>"
    return {"svg": f'{head} width="100" height="{height:g}"><style>{_LOOKS}</style>{rest}', "alt": alt}


def pdf(said: dict[str, Any]) -> bytes:
    """Pages of A4, tagged so that they can be read aloud."""
    return paper.typeset(_SHEET, {**said, "kind": "board"}, "pdf")


def chart(said: dict[str, Any], form: Form) -> bytes:
    """One picture with its title, scale, legend and versions."""
    return paper.typeset(_SHEET, {**said, "kind": "chart"}, form)
