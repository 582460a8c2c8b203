"""The part of Markdown that our own pages in docs/ are written in, as blocks that a template shows.

>>> [(block.kind, block.text) for block in blocks("# Title\\n\\nOne `word`\\nand another.\\n\\n```yaml\\na: 1\\n```")]
[('h1', 'Title'), ('p', 'One <code>word</code> and another.'), ('pre', 'a: 1')]
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a page."""

    #: "h1" to "h3", "p" or "pre".
    kind: str
    #: Markup for a paragraph or a heading, with everything in it escaped; for "pre", plain text.
    text: str


_HEADING = re.compile(r"(#{1,3}) (.+)")
_CODE = re.compile(r"(`[^`]+`)")
_STRONG = re.compile(r"\*\*([^*]+)\*\*")


def blocks(source: str) -> Iterator[Block]:
    """Headings, paragraphs and fenced code, in order."""
    lines = iter(source.splitlines())
    paragraph: list[str] = []
    for line in lines:
        heading = _HEADING.fullmatch(line)
        if (heading or line.startswith("```") or not line.strip()) and paragraph:
            yield Block("p", _inline(" ".join(paragraph)))
            paragraph = []
        if heading:
            yield Block(f"h{len(heading[1])}", _inline(heading[2]))
        elif line.startswith("```"):
            yield Block("pre", "\n".join(_until_fence(lines)))
        elif line.strip():
            paragraph.append(line.strip())
    if paragraph:
        yield Block("p", _inline(" ".join(paragraph)))


def _until_fence(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith("```"):
            return
        yield line


def _inline(text: str) -> str:
    """Words, `code` and **strong** words; nothing else is markup."""
    parts = [
        f"<code>{escape(part[1:-1])}</code>" if part.startswith("`") and len(part) > 2 else _strong(part)
        for part in _CODE.split(text)
    ]
    return "".join(parts)


def _strong(text: str) -> str:
    return _STRONG.sub(r"<strong>\1</strong>", escape(text))
