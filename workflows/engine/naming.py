"""Names made of parts: parsed, made, and explained part by part (requirements C10, G4). Patterns run on RE2.

>>> year, channel = {"part": "year", "pattern": "20[0-9]{2}"}, {"part": "channel", "values": ["email", "ads"]}
>>> convention = compile_convention([year, channel])
>>> convention.parse("2026_email")
{'year': '2026', 'channel': 'email'}
>>> convention.render({"year": 2026, "channel": "ads"})
'2026_ads'
>>> [check.says for check in convention.explain("2026_mail") if not check.holds]
['channel is mail; it may be email or ads']
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import re2

from martechops.lib.frozen import dataclass

from .conditions.words import either

LONGEST_NAME = 400
MOST_PARTS = 20


class BadConvention(ValueError):
    """The parts cannot be used; `problems` lists every place with what is wrong there."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{path}: {says}" for path, says in problems))


class BadName(ValueError):
    """The values make no name by the convention; the message says why."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a name: either one of `values`, or what `pattern` matches as a whole."""

    name: str
    values: tuple[str, ...] = ()
    pattern: str = ""
    #: It and the separator before it may be left out; only at the end.
    optional: bool = False

    def says(self) -> str:
        """What may stand there."""
        return either(self.values) if self.values else f"something like {self.pattern}"

    def source(self) -> str:
        """As a regular expression; longer values first, so that "ads-social" is not taken for "ads"."""
        if not self.values:
            return f"(?:{self.pattern})"
        return "(?:" + "|".join(re2.escape(v) for v in sorted(self.values, key=len, reverse=True)) + ")"

    def fits(self, value: str) -> bool:
        return re2.fullmatch(self.source(), value) is not None


@dataclass(frozen=True, slots=True)
class PartCheck:
    """One part of a name that was held against the convention."""

    part: str
    #: None where there is none.
    value: str | None
    holds: bool
    says: str


@dataclass(frozen=True, slots=True)
class Convention:
    """Parts ready for use."""

    separator: str
    parts: tuple[Part, ...]

    def parse(self, name: str) -> dict[str, str] | None:
        """Values by part, or None for a name that does not follow the convention."""
        if len(name) > LONGEST_NAME:
            return None
        found = re2.fullmatch(self._whole(), name)
        if found is None:
            return None
        return {part.name: value for part, value in zip(self.parts, found.groups(), strict=True) if value is not None}

    def render(self, values: Mapping[str, object]) -> str:
        """The name of these values. Raises `BadName` for a value that is missing, unknown or not allowed."""
        strange = sorted(set(values) - {part.name for part in self.parts})
        problems = [f"there is no part {name}" for name in strange]
        given: list[str] = []
        for part in self.parts:
            value = values.get(part.name)
            text = "" if value is None else str(value)
            if not text:
                problems += [] if part.optional else [f"{part.name} is missing"]
            elif not part.fits(text):
                problems.append(f"{part.name} is {text}; it may be {part.says()}")
            given.append(text)
        name = self.separator.join(text for text in given if text)
        if not problems and self.parse(name) is None:
            problems.append(f"{name} could be read in another way: a value holds the separator")
        if problems:
            raise BadName("; ".join(problems))
        return name

    def explain(self, name: str) -> tuple[PartCheck, ...]:
        """Part by part, what stands there and whether it may; what is too much comes last."""
        if parsed := self.parse(name):
            return tuple(
                PartCheck(part.name, value, True, f"{part.name} is {value}")
                for part in self.parts
                if (value := parsed.get(part.name)) is not None
            )
        pieces = name[:LONGEST_NAME].split(self.separator) if self.separator else [name[:LONGEST_NAME]]
        return tuple(self._pieces(pieces))

    def example(self) -> str:
        """The convention as people write it: <year>_<channel>."""
        return self.separator.join(f"<{part.name}>" for part in self.parts)

    def _pieces(self, pieces: Sequence[str]) -> Iterator[PartCheck]:
        for at, part in enumerate(self.parts):
            value = pieces[at] if at < len(pieces) and pieces[at] else None
            if value is None:
                yield PartCheck(part.name, None, part.optional, f"{part.name} is missing; it may be {part.says()}")
            elif part.fits(value):
                yield PartCheck(part.name, value, True, f"{part.name} is {value}")
            else:
                yield PartCheck(part.name, value, False, f"{part.name} is {value}; it may be {part.says()}")
        for extra in pieces[len(self.parts) :]:
            yield PartCheck("", extra, False, f"{extra} is too much; a name is {self.example()}")

    def _whole(self) -> str:
        made = ""
        for at, part in enumerate(self.parts):
            text = (re2.escape(self.separator) if at else "") + f"({part.source()})"
            made += f"(?:{text})?" if part.optional else text
        return made


def compile_convention(parts: object, *, separator: str = "_") -> Convention:
    """Raises `BadConvention`."""
    problems: list[tuple[str, str]] = []
    if not isinstance(parts, list) or not parts or len(parts) > MOST_PARTS:
        raise BadConvention(
            [("parts", f"must be a list of 1 to {MOST_PARTS} parts such as {{part: year, pattern: …}}")]
        )
    made = [_part(part, f"parts[{at}]", problems) for at, part in enumerate(parts)]
    names = [part.name for part in made]
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        problems.append(("parts", f"{', '.join(twice)} stands there twice"))
    last_needed = max((at for at, part in enumerate(made) if not part.optional), default=-1)
    problems += [
        (f"parts[{at}].optional", "only parts at the end may be left out")
        for at, part in enumerate(made)
        if part.optional and at < last_needed
    ]
    if last_needed < 0:
        problems.append(("parts", "at least one part must be there"))
    if problems:
        raise BadConvention(problems)
    return Convention(separator=separator, parts=tuple(made))


def _part(part: object, at: str, problems: list[tuple[str, str]]) -> Part:
    if not isinstance(part, Mapping):
        problems.append((at, "must be a part such as {part: year, pattern: …} or {part: channel, values: […]}"))
        return Part("")
    if unknown := sorted(str(name) for name in set(part) - {"part", "pattern", "values", "optional"}):
        problems.append((at, f"has no {', '.join(unknown)}; there are part, pattern, values and optional"))
    name, pattern, values = part.get("part"), part.get("pattern"), part.get("values")
    if not isinstance(name, str) or not name:
        problems.append((f"{at}.part", "needs a name"))
    if bool(pattern) == bool(values):
        problems.append((at, "needs either a pattern or values"))
    elif values:
        problems += _problems_of_values(values, f"{at}.values")
    else:
        problems += _problems_of_pattern(pattern, f"{at}.pattern")
    listed = tuple(map(str, values)) if isinstance(values, list) else ()
    return Part(str(name or ""), listed, pattern if isinstance(pattern, str) else "", bool(part.get("optional")))


def _problems_of_values(values: Any, at: str) -> Iterator[tuple[str, str]]:
    if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
        yield at, "must be a list of texts"


def _problems_of_pattern(pattern: Any, at: str) -> Iterator[tuple[str, str]]:
    options = re2.Options()
    options.log_errors = False
    try:
        groups = re2.compile(pattern, options).groups
    except (re2.error, TypeError) as error:
        yield at, f"is no regular expression that RE2 knows: {error}"
        return
    if groups:
        yield at, "captures a group; write (?:…) in place of (…)"
    elif re2.fullmatch(f"(?:{pattern})", "") is not None:
        yield at, "would take nothing at all for this part"
