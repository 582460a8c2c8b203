"""Which wording of a block somebody reads: the first of its segments that they are in, or the fallback (K1, K2).

>>> segments = {"big": {"contact.size": {"$gt": 200}}}
>>> offer = compile_block("offer", choices=[{"segment": "big", "text": "A call"}], fallback="A tour", segments=segments)
>>> offer.choose({"contact": {"size": 300}}), offer.choose({"contact": {}})
(Chosen(block='offer', segment='big', text='A call'), Chosen(block='offer', segment='', text='A tour'))
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from martechops.lib import liquid

from .conditions import BadCondition, Condition, ConditionError, Segments, compile_condition

#: How a template names a block.
PREFIX = "block."
MOST_CHOICES = 20


class BadBlock(ValueError):
    """The block cannot be used; `problems` lists every place with what is wrong there."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{path}: {says}" for path, says in problems))


@dataclass(frozen=True, slots=True)
class Chosen:
    """The wording for one reader, not yet filled in."""

    block: str
    #: The segment that decided; empty for the fallback.
    segment: str
    text: str


@dataclass(frozen=True, slots=True)
class CompiledBlock:
    """A block ready for use."""

    key: str
    #: Segment, its rule, its wording.
    choices: tuple[tuple[str, Condition, str], ...]
    fallback: str

    @property
    def texts(self) -> tuple[str, ...]:
        """Every wording, the one for everybody last."""
        return (*(text for _, _, text in self.choices), self.fallback)

    def choose(self, facts: Mapping[str, Any]) -> Chosen:
        """By the first segment that the reader is in; one that cannot be answered is not theirs."""
        for segment, rule, text in self.choices:
            if _is_in(rule, facts):
                return Chosen(self.key, segment, text)
        return Chosen(self.key, "", self.fallback)


def compile_block(key: str, *, choices: Any, fallback: str, segments: Segments | None) -> CompiledBlock:
    """Raises `BadBlock` with every problem at once."""
    problems = list(_problems(choices, fallback))
    made = []
    for i, choice in enumerate(choices if isinstance(choices, list) and not problems else []):
        try:
            rule = compile_condition({"segment": choice["segment"]}, segments=segments)
            made.append((choice["segment"], rule, choice["text"]))
        except BadCondition as error:
            problems.append((f"choices[{i}].segment", str(error)))
    if problems:
        raise BadBlock(problems)
    return CompiledBlock(key, tuple(made), fallback)


def named(*sources: str) -> tuple[str, ...]:
    """Keys of the blocks that texts name. Raises `liquid.BadTemplate`.

    >>> named("{{ block.offer }} and {{ contact.name }}")
    ('offer',)
    """
    found = (name for source in sources if PREFIX in source for name in liquid.variables(source))
    return tuple(dict.fromkeys(name.removeprefix(PREFIX) for name in found if name.startswith(PREFIX)))


def _problems(choices: Any, fallback: str) -> Iterator[tuple[str, str]]:
    if not str(fallback).strip():
        yield "fallback", "somebody is in none of the segments: say what they read"
    else:
        yield from _text("fallback", fallback)
    if not isinstance(choices, list):
        yield "choices", "must be a list of a segment and a text each"
        return
    if len(choices) > MOST_CHOICES:
        yield "choices", f"at most {MOST_CHOICES}"
    seen: set[str] = set()
    for i, choice in enumerate(choices):
        if not isinstance(choice, Mapping) or set(choice) != {"segment", "text"}:
            yield f"choices[{i}]", "must be a segment and a text"
            continue
        segment = str(choice["segment"])
        if segment in seen:
            yield f"choices[{i}].segment", f"{segment} stands there already"
        seen.add(segment)
        yield from _text(f"choices[{i}].text", choice["text"])


def _text(path: str, source: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(source, str) or not source.strip():
        yield path, "must not be empty"
        return
    try:
        liquid.check(source)
        if named(source):
            yield path, "a block cannot hold another block"
    except liquid.BadTemplate as error:
        yield path, str(error)


def _is_in(rule: Condition, facts: Mapping[str, Any]) -> bool:
    try:
        return rule.test(facts)
    except ConditionError:
        return False
