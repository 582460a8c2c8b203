"""A text that a regular expression matches, for the usual parts of one; the caller tries it, so a miss does no harm."""

from martechops.lib.frozen import dataclass

_CLASSES = {"d": "0", "w": "a", "s": " ", "D": "a", "S": "a", "W": "-", "n": "\n", "t": "\t"}
_NOT_TAKEN = {"b", "B", "A", "z", "Z"}
_LONGEST = 200


class _TooHard(Exception):
    """A part that is not read here."""


@dataclass(slots=True)
class _Pattern:
    text: str
    at: int = 0

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        letter = self.peek()
        if not letter:
            raise _TooHard
        self.at += 1
        return letter


def example(pattern: object) -> str | None:
    """Text that should match, or None where the expression is too unusual.

    >>> example("^[A-Z]{2}-\\\\d+$"), example("^(free|paid)$"), example("(?i)mail")
    ('AA-0', 'free', 'mail')
    """
    if not isinstance(pattern, str):
        return None
    reading = _Pattern(pattern)
    if pattern.startswith("(?") and ")" in pattern and pattern[2 : pattern.index(")")].isalpha():
        reading.at = pattern.index(")") + 1
    try:
        found = _either(reading)
    except (_TooHard, ValueError):
        return None
    return found[:_LONGEST] if reading.at == len(pattern) else None


def _either(reading: _Pattern) -> str:
    """The first of what `|` separates."""
    first = _sequence(reading)
    while reading.peek() == "|":
        reading.take()
        _sequence(reading)
    return first


def _sequence(reading: _Pattern) -> str:
    found = ""
    while reading.peek() and reading.peek() not in "|)":
        found += _repeated(reading, _one(reading))
    return found


def _one(reading: _Pattern) -> str:
    letter = reading.take()
    if letter in "^$":
        return ""
    if letter == ".":
        return "a"
    if letter == "[":
        return _from_set(reading)
    if letter == "(":
        return _group(reading)
    if letter == "\\":
        return _escaped(reading.take())
    if letter in "*+?{":
        raise _TooHard
    return letter


def _escaped(letter: str) -> str:
    if letter in _NOT_TAKEN:
        return ""
    if letter.isalnum() and letter not in _CLASSES:
        raise _TooHard
    return _CLASSES.get(letter, letter)


def _group(reading: _Pattern) -> str:
    if reading.peek() == "?":
        reading.take()
        if reading.peek() == "P":
            while reading.take() != ">":
                pass
        elif reading.take() != ":":
            raise _TooHard
    found = _either(reading)
    if reading.take() != ")":
        raise _TooHard
    return found


def _from_set(reading: _Pattern) -> str:
    negated = reading.peek() == "^"
    if negated:
        reading.take()
    members: list[str] = []
    while reading.peek() != "]" or not members:
        letter = reading.take()
        if letter == "[":
            raise _TooHard
        members.append(_escaped(reading.take()) if letter == "\\" else letter)
    reading.take()
    if not negated:
        return members[0]
    return next(letter for letter in "a0-Z~ é" if letter not in members)


def _repeated(reading: _Pattern, part: str) -> str:
    """As often as it must be: once where it may be there any number of times."""
    sign = reading.peek()
    if sign not in ("*", "+", "?", "{"):
        return part
    reading.take()
    times = 1
    if sign == "{":
        written = ""
        while (letter := reading.take()) != "}":
            written += letter
        times = int(written.partition(",")[0] or 0)
    if reading.peek() == "?":
        reading.take()
    return part * min(times, _LONGEST)
