"""Reads values out of a document and gathers what is wrong with them, each at its place."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from martechops.lib.frozen import dataclass

from ..conditions import BadCondition, Condition, Segments, compile_condition
from ..durations import BadDuration, Duration
from ..durations import parse as parse_duration

Document = Mapping[str, Any]


@dataclass(slots=True)
class Reader:
    """Each question answers with a value of the right kind, and notes a problem where there was none."""

    #: What each segment asks for; None where rules are read but not tested.
    segments: Segments | None = None
    problems: list[tuple[str, str]] = field(default_factory=list)
    #: A map of how things are may name any action, done by any means.
    map_only: bool = False
    #: Key of the workflow, which its schedule is known by.
    workflow: str = ""

    def wrong(self, path: str, says: str) -> None:
        self.problems.append((path, says))

    def keys(self, document: Document, known: set[str], path: str) -> None:
        """Nothing that nobody would read: a misspelt key is said, not passed over."""
        for key in document:
            if key not in known:
                self.wrong(join(path, str(key)), f"unknown key; known here are {', '.join(sorted(known))}")

    def mapping(self, document: Document, key: str, path: str) -> Document:
        value = document.get(key, {})
        if isinstance(value, Mapping):
            return value
        self.wrong(join(path, key), "must be a mapping of names to values")
        return {}

    def items(self, document: Document, key: str, path: str) -> list[Any]:
        value = document.get(key, [])
        if isinstance(value, list):
            return value
        self.wrong(join(path, key), "must be a list")
        return []

    def texts(self, document: Document, key: str, path: str, *, known: Sequence[str] = ()) -> tuple[str, ...]:
        """A list of texts, or one alone; each of them known, where there are known ones."""
        value = document.get(key, [])
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(isinstance(one, str) and one.strip() for one in found):
            self.wrong(join(path, key), "must be a list of texts")
            return ()
        for one in found:
            if known and one not in known:
                self.wrong(join(path, key), f"must be of {', '.join(known)}; {one} is not")
        return tuple(one for one in found if not known or one in known)

    def text(self, document: Document, key: str, path: str, *, needed: bool = False) -> str:
        value = document.get(key)
        if value is None and not needed:
            return ""
        if not isinstance(value, str) or not value.strip():
            self.wrong(join(path, key), "is missing" if value is None else "must be text")
            return ""
        return value

    def one_of(self, document: Document, key: str, path: str, known: Sequence[str]) -> str | None:
        value = document.get(key)
        if value is not None and value not in known:
            self.wrong(join(path, key), f"must be one of {', '.join(known)}; it is {value}")
            return None
        return value

    def yes_no(self, document: Document, key: str, path: str) -> bool:
        value = document.get(key, False)
        if not isinstance(value, bool):
            self.wrong(join(path, key), "must be true or false")
            return False
        return value

    def count(self, document: Document, key: str, path: str, *, most: int | None = None) -> int | None:
        value = document.get(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < 1 or (most and value > most):
            self.wrong(join(path, key), "must be a whole number from 1" + (f" to {most}" if most else ""))
            return None
        return value

    def number(self, document: Document, key: str, path: str) -> float | None:
        value = document.get(key)
        if value is not None and (not isinstance(value, int | float) or isinstance(value, bool)):
            self.wrong(join(path, key), "must be a number")
            return None
        return value

    def duration(self, document: Document, key: str, path: str) -> Duration | None:
        value = document.get(key)
        if value is None:
            return None
        try:
            return parse_duration(value)
        except BadDuration as error:
            self.wrong(join(path, key), str(error))
            return None

    def condition(self, document: Document, key: str, path: str) -> Condition | None:
        """The one place where rules of a workflow are made ready."""
        if key not in document:
            return None
        try:
            return compile_condition(document[key], segments=self.segments)
        except BadCondition as error:
            for place, says in error.problems:
                self.wrong(join(path, key) + (f".{place}" if place else ""), says)
            return None


def join(path: str, key: str) -> str:
    """The place of a key within a place.

    >>> join("steps[2]", "guards"), join("", "trigger")
    ('steps[2].guards', 'trigger')
    """
    return f"{path}.{key}" if path else key
