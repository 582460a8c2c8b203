"""Data as YAML that people read and git compares: one spelling for equal data, whatever reads it.

What comes out says the same to YAML 1.1 and 1.2: text that either takes for a number, a date or a yes is in quotes.
Texts of several lines stand as blocks; where white space at a line's end or an odd line ending would not survive an
editor, each line is in quotes. Small things stand in one line, as people write them.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

WIDTH = 110
#: YAML allows keys without a question mark up to 1,024 characters.
_LONGEST_KEY = 900
_ENTRIES_IN_A_LINE = 4

#: Would be something else than text to YAML 1.1 or 1.2.
_SPECIAL = re.compile(
    r"(?:y|n|yes|no|on|off|true|false|null|~|)"
    r"|[-+.]?[0-9][0-9_.,:]*(?:[eE][-+]?[0-9]*)?|0[xob][0-9a-fA-F_]+|[-+]?\.(?:inf|nan)"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[^\W_][^\n]*|[$_/][\w][^\n]*")
_BREAKS_PLAIN = re.compile(r": |:$| #|[\[\]{}\"`\\|]|\s$|^\s")


def dump(data: Mapping[str, Any]) -> str:
    r"""A text that `strict_yaml.load` reads back as `data`, entries in their order. ValueError for what JSON has not.

    >>> print(dump({"key": "a", "with": {"value": "yes"}, "body": "Hello\n\nthere\n", "days": [1, "2"]}), end="")
    key: a
    with: {value: "yes"}
    body: |
      Hello
    <BLANKLINE>
      there
    days: [1, "2"]
    """
    return "".join(f"{line}\n" for line in _mapping(data, "")) or "{}\n"


def _mapping(data: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, value in data.items():
        key = scalar(str(name))
        if len(key) > _LONGEST_KEY:
            yield f"{indent}? {key}"
            key = ""
        yield from _entry(f"{indent}{key}:", value, indent)


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    """What stands behind a key or a dash; the first line begins with `head`."""
    line = _in_a_line(value)
    if line is not None and (not value or not isinstance(value, Mapping | list) or len(head) + len(line) < WIDTH):
        yield f"{head} {line}"
    elif isinstance(value, Mapping):
        yield head
        yield from _mapping(value, indent + "  ")
    elif isinstance(value, list):
        yield head
        yield from _items(value, indent + "  ")
    else:
        yield from _text(head, value, indent + "  ")


def _items(values: list[Any], indent: str) -> Iterator[str]:
    for value in values:
        line = _in_a_line(value)
        short = not value or (line is not None and len(indent) + len(line) + 2 < WIDTH)
        if isinstance(value, Mapping) and not short:
            first, *rest = _mapping(value, indent + "  ")
            yield f"{indent}- {first[len(indent) + 2 :]}"
            yield from rest
        else:
            yield from _entry(f"{indent}-", value, indent)


def _text(head: str, text: str, indent: str) -> Iterator[str]:
    """A text of several lines."""
    if _survives_as_block(text):
        body = text.rstrip("\n")
        ends = len(text) - len(body)
        hint = "2" if body[:1] in " \t\n" else ""
        yield f"{head} |{hint}{'-' if not ends else '+' if ends > 1 else ''}"
        yield from (f"{indent}{line}" if line else "" for line in body.split("\n"))
        yield from ("" for _ in range(ends - 1))
        return
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    quoted = [_quoted(line)[1:-1] for line in lines]
    yield f'{head} "{quoted[0]}' + ("\\" if len(quoted) > 1 else '"')
    for i, line in enumerate(quoted[1:], start=2):
        start = "\\" if line[:1] in " \t" else ""
        yield f"{indent}{start}{line}" + ("\\" if i < len(quoted) else '"')


def _survives_as_block(text: str) -> bool:
    return (
        not re.search(r"[ \t]\n|[ \t]\Z", text)
        and bool(text.strip("\n"))
        and all(letter == "\n" or letter == "\t" or letter.isprintable() for letter in text)
    )


def _in_a_line(value: Any, *, within: bool = False) -> str | None:
    """The value as people write small things; None if it is not small. `within`: it stands in brackets itself."""
    if isinstance(value, Mapping):
        return _small_mapping(value)
    if isinstance(value, list):
        parts = [_in_a_line(item, within=True) if not isinstance(item, Mapping | list) else None for item in value]
        return None if None in parts else f"[{', '.join(map(str, parts))}]"
    if isinstance(value, str) and "\n" in value:
        return None
    return scalar(value, within=within)


def _small_mapping(value: Mapping[str, Any]) -> str | None:
    if not value:
        return "{}"
    simple = not any(isinstance(item, Mapping | list) for item in value.values())
    if len(value) > (_ENTRIES_IN_A_LINE if simple else 1):
        return None
    parts = [(scalar(str(name), within=True), _in_a_line(item, within=True)) for name, item in value.items()]
    if any(part is None or len(name) > _LONGEST_KEY for name, part in parts):
        return None
    return "{" + ", ".join(f"{name}: {part}" for name, part in parts) + "}"


def scalar(value: Any, *, within: bool = False) -> str:
    """A single value in one line; `within` brackets, where a comma ends it.

    >>> [scalar(value) for value in ("crm", "no", "2026-11-22", "Call {{ x }}", 1.5, None)]
    ['crm', '"no"', '"2026-11-22"', '"Call {{ x }}"', '1.5', 'null']
    """
    if isinstance(value, str):
        return value if _is_plain(value) and not (within and "," in value) else _quoted(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and value - value == 0:
        return re.sub(r"^([-+]?[0-9]+)(?=[eE])", r"\1.0", repr(value))
    raise ValueError(f"{type(value).__name__} has no place in a file")


def _is_plain(text: str) -> bool:
    return bool(
        _PLAIN.fullmatch(text)
        and text.isprintable()
        and not _BREAKS_PLAIN.search(text)
        and not _SPECIAL.fullmatch(text)
        and len(text) <= _LONGEST_KEY
    )


def _quoted(text: str) -> str:
    """As JSON, which YAML reads; what does not print is escaped."""
    made = json.dumps(text, ensure_ascii=False)
    if made.isprintable():
        return made
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in made)


def _escaped(letter: str) -> str:
    number = ord(letter)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
