"""YAML from people and from git, read so that it means the same to everybody, with the place of every value.

The plain scalars of YAML 1.2's core schema, and nothing that surprises: `yes`, `no`, `on` and dates are text, as they
look. Refused are a key twice in one mapping, anchors, aliases and tags (nothing in a file is somewhere else, and a
small file cannot become a large value), a second document, numbers that JSON cannot hold, the character NUL, and a
number with leading zeros, which some read as text and some as octal. Whatever the line endings, a text's line ends with
a line feed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

#: Levels of mappings and lists.
DEEPEST = 48
LARGEST_NUMBER = 2**53 - 1

#: Keys and numbers of list items that lead to a value, as in ("steps", 2, "with").
Path = tuple[str | int, ...]

_Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS: Mapping[str, Any] = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], None),
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
}
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_REAL = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_UNCLEAR = re.compile(r"[-+]?0[0-9]+(?:\.[0-9]*)?|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands, both counted from 1, as editors do."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """What a text says, and where it says it: a mapping's entries at their keys, a list's items at their beginnings."""

    data: Any
    places: Mapping[Path, Place]

    def place_of(self, path: Path) -> Place:
        """Of the value, or of the nearest thing around it that the text has."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(1, 1))


class BadYaml(ValueError):
    """The text cannot be read; `problems` lists every place with what is wrong there."""

    def __init__(self, problems: list[tuple[Place, str]]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem[0]))
        super().__init__("; ".join(f"line {place.line}: {says}" for place, says in self.problems))


def load(raw: bytes | str) -> Document:
    """Raises BadYaml, and nothing but BadYaml.

    >>> found = load("steps:\\n  - key: a\\n    on: yes")
    >>> found.data, found.place_of(("steps", 0, "on"))
    ({'steps': [{'key': 'a', 'on': 'yes'}]}, Place(line=3, column=5))
    """
    text = raw if isinstance(raw, str) else _decoded(raw)
    reading = _Reading()
    try:
        events = iter(yaml.parse(text, Loader=_Parser))
        data = reading.whole(events)
    except _TooDeep as error:
        raise BadYaml([*reading.problems, (error.place, f"is nested deeper than {DEEPEST} levels")]) from None
    except yaml.YAMLError as error:
        raise BadYaml([*reading.problems, _said(error)]) from None
    if reading.problems:
        raise BadYaml(reading.problems)
    return Document(data, reading.places)


class _TooDeep(Exception):
    def __init__(self, place: Place) -> None:
        self.place = place


@dataclass(slots=True)
class _Reading:
    places: dict[Path, Place] = field(default_factory=dict)
    problems: list[tuple[Place, str]] = field(default_factory=list)

    def whole(self, events: Iterator[yaml.Event]) -> Any:
        data: Any = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.wrong(event, "a second document begins; a file holds one")
                    return data
                data = self.value(next(events), events, ())
        return data

    def value(self, event: yaml.Event, events: Iterator[yaml.Event], path: Path) -> Any:
        self.places.setdefault(path, _place(event))
        if len(path) > DEEPEST:
            raise _TooDeep(_place(event))
        if isinstance(event, yaml.AliasEvent):
            return self.wrong(event, f"*{event.anchor} stands for something elsewhere; write it out")
        assert isinstance(event, yaml.NodeEvent)
        if event.anchor:
            self.wrong(event, f"&{event.anchor} cannot be referred to; leave it out")
        if (tag := getattr(event, "tag", None)) and tag != "!":
            self.wrong(event, f"tags such as {tag} are not read; leave it out")
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.items(events, path)
        return self.mapping(events, path)

    def items(self, events: Iterator[yaml.Event], path: Path) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            found.append(self.value(event, events, (*path, len(found))))
        return found

    def mapping(self, events: Iterator[yaml.Event], path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self.key(event, events, path)
            here = (*path, key)
            if key in found:
                self.wrong(event, f"{key} stands here twice; first in line {self.places[here].line}")
                self.value(next(events), events, (*path, key, "(twice)"))
                continue
            self.places[here] = _place(event)
            found[key] = self.value(next(events), events, here)
        return found

    def key(self, event: yaml.Event, events: Iterator[yaml.Event], path: Path) -> str:
        if isinstance(event, yaml.ScalarEvent):
            self.check_characters(event)
            return str(event.value)
        self.wrong(event, "a name must be text")
        self.value(event, events, (*path, "(name)"))
        return "(name)"

    def scalar(self, event: yaml.ScalarEvent) -> Any:
        text = event.value
        self.check_characters(event)
        if not event.implicit[0]:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _UNCLEAR.fullmatch(text):
            return self.wrong(event, f"{text} can be read in several ways; put it in quotes if it is text")
        if _WHOLE.fullmatch(text):
            return self.number(event, int(text) if len(text) < 20 else LARGEST_NUMBER + 1)
        return self.number(event, float(text)) if _REAL.fullmatch(text) else text

    def check_characters(self, event: yaml.ScalarEvent) -> None:
        """An escape can say what no database keeps (PostgreSQL keeps no NUL in texts)."""
        if "\0" in event.value:
            self.wrong(event, "the character NUL cannot be kept; leave it out")

    def number(self, event: yaml.Event, number: float) -> Any:
        limit = LARGEST_NUMBER if isinstance(number, int) else 1e308
        return number if abs(number) <= limit else self.wrong(event, "the number is too large; text is put in quotes")

    def wrong(self, event: yaml.Event, says: str) -> None:
        self.problems.append((_place(event), says))


def _place(event: yaml.Event) -> Place:
    mark: Any = event.start_mark
    return Place(mark.line + 1, mark.column + 1)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadYaml([(Place(line, 1), "is not UTF-8")]) from None


def _said(error: yaml.YAMLError) -> tuple[Place, str]:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
    says = getattr(error, "problem", None) or getattr(error, "reason", None) or "a character that YAML does not allow"
    return place, f"is not YAML: {says}"
