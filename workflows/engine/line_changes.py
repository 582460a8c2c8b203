"""What changed between two texts, line by line, in time that grows with their length and not with its square.

>>> line_changes("One\\nTwo", "One\\n2")
((' ', 'One'), ('-', 'Two'), ('+', '2'))
>>> line_changes("a\\nb\\nc\\nd\\ne\\nf", "a\\nb\\nc\\nd\\ne\\n6")
(('…', ''), (' ', 'c'), (' ', 'd'), (' ', 'e'), ('-', 'f'), ('+', '6'))
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

#: Unchanged lines that are shown around each change.
_AROUND = 3
#: Of a text that changed in more lines than this, the old lines are shown as gone and the new ones as come.
_MOST = 2_000
_MARKS: dict[str, tuple[bool, bool]] = {"replace": (True, True), "delete": (True, False), "insert": (False, True)}
Line = tuple[str, str]


def line_changes(before: str, after: str) -> tuple[Line, ...]:
    """Each line with its mark: "+", "-", " ", or "…" where unchanged ones are left out; empty for the same text."""
    old, new = before.splitlines(), after.splitlines()
    return tuple(_shown(old, new)) if old != new else ()


def _shown(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    if max(len(old), len(new)) > _MOST:
        yield from (("-", line) for line in old[:_MOST])
        yield from (("+", line) for line in new[:_MOST])
        yield ("…", "")
        return
    end = 0
    for group in SequenceMatcher(None, old, new).get_grouped_opcodes(_AROUND):
        if group[0][1] > end:
            yield ("…", "")
        for tag, *of in group:
            yield from _lines(tag, old[of[0] : of[1]], new[of[2] : of[3]])
        end = group[-1][2]
    if end < len(old):
        yield ("…", "")


def _lines(tag: str, old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    if tag == "equal":
        yield from ((" ", line) for line in old)
        return
    goes, comes = _MARKS[tag]
    yield from (("-", line) for line in old if goes)
    yield from (("+", line) for line in new if comes)
