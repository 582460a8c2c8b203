"""The documentation names what exists: files, headings and commands."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

_FENCE = re.compile(r"^```.*?^```$", flags=re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", flags=re.MULTILINE)
_COMMAND = re.compile(r"manage\.py (\w+)")


def ids(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


def prose(page: Path) -> str:
    """Without what stands between fences: a shell's comment is no heading."""
    return _FENCE.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    """Of its headings, as code hosts make them."""
    headings = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in _HEADING.findall(prose(page))]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_dead(link: str, page: Path) -> bool:
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    return not target.exists() or (bool(anchor) and (target.suffix != ".md" or anchor not in anchors(target)))


def test_there_is_documentation() -> None:
    assert {"README.md", "CHANGELOG.md", "docs/first-hour.md", "docs/architecture.md"} <= set(ids(PAGES))


@pytest.mark.parametrize("page", PAGES, ids=ids(PAGES))
def test_links_lead_somewhere(page: Path) -> None:
    links = [link for link in _LINK.findall(prose(page)) if "://" not in link]
    assert [link for link in links if is_dead(link, page)] == []


@pytest.mark.parametrize("page", PAGES, ids=ids(PAGES))
def test_commands_exist(page: Path) -> None:
    assert set(_COMMAND.findall(page.read_text())) <= set(get_commands())


@pytest.mark.parametrize("page", PAGES, ids=ids(PAGES))
def test_paths_in_the_text_exist(page: Path) -> None:
    """A path in backquotes that begins with one of our folders."""
    folders = "|".join(("martechops", "workflows", "campaigns", "reporting", "templates", "static", "tests", "docs"))
    named = re.findall(rf"`((?:{folders})/[\w./-]+)`", prose(page))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_page_can_be_found_from_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in _LINK.findall(prose(index))}
    assert [page.name for page in (ROOT / "docs").glob("*.md") if page != index and page not in linked] == []
