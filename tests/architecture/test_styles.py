"""What style sheets may not do."""

from pathlib import Path

import pytest

from tests.architecture.imports import ROOT

SHEETS = sorted((ROOT / "static").rglob("*.css"))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_no_style_sheet_makes_containers(sheet: Path) -> None:
    """Chromium 156 leaves out rows below a size container when the page arrives in pieces: a form without its rows.

    Seen by sending a page's text with a pause in it: 28 of 162 places for the pause lost every row of a list within a
    fieldset, and none did without the container.
    """
    text = sheet.read_text()
    assert "container-type" not in text
    assert "@container" not in text
