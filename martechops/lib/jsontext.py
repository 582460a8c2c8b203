"""JSON values as people read them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)')


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of set-out JSON and what it is: key, text, number, word, or empty for the rest."""

    kind: str
    text: str


def tokens(data: object) -> list[Token]:
    """The value set out over lines, cut into pieces that a page can colour.

    >>> [token.kind for token in tokens({"a": 1}) if token.kind]
    ['key', 'number']
    """
    return list(_cut(json.dumps(data, indent=2, ensure_ascii=False, default=str)))


def _cut(text: str) -> Iterator[Token]:
    position = 0
    for match in _TOKEN.finditer(text):
        if match.start() > position:
            yield Token(kind="", text=text[position : match.start()])
        yield from _classify(match)
        position = match.end()
    yield Token(kind="", text=text[position:])


def _classify(match: re.Match[str]) -> Iterator[Token]:
    quoted, colon, number, word = match.groups()
    if quoted and colon:
        yield Token(kind="key", text=quoted)
        yield Token(kind="", text=colon)
    elif quoted:
        yield Token(kind="text", text=quoted)
    else:
        yield Token(kind="number" if number else "word", text=number or word)


def words(value: object) -> str:
    """One value on one line, as in a sentence.

    >>> words(True), words(["a", "b"]), words({"x": 1})
    ('yes', 'a, b', '{"x": 1}')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(words(entry) for entry in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
