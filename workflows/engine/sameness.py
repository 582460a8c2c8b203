"""Names that mislead (requirement F4): nearly the same name, one name for two things, two names for one thing.

>>> [(pair.one, pair.other, pair.why) for pair in near_names(["Demo Requested", "demo_request", "Trial Started"])]
[('Demo Requested', 'demo_request', 'differ in tense')]
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from martechops.lib.frozen import dataclass

#: Compared pair by pair up to here; beyond, only names that are the same in spelling, spacing and tense are found.
_MOST_PAIRED = 600
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")
#: Part of words that two meanings must share, and of properties by which two ways of using a name are told apart.
_ALIKE, _APART = 0.6, 0.34
_SMALL = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "by",
        "for",
        "from",
        "has",
        "have",
        "in",
        "is",
        "it",
        "of",
        "on",
        "or",
        "our",
        "somebody",
        "that",
        "the",
        "their",
        "to",
        "was",
        "were",
        "with",
        "who",
        "whom",
    ]
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two names and what makes them alike."""

    one: str
    other: str
    why: str


@dataclass(frozen=True, slots=True)
class TwoUses:
    """One name that is sent with two sets of properties."""

    name: str
    #: Each way: its properties, how many events, and who sends it so.
    ways: tuple[tuple[tuple[str, ...], int, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """Recent events of one name from one source with the same properties."""

    name: str
    source: str
    properties: frozenset[str]
    count: int


def near_names(names: Sequence[str]) -> list[Pair]:
    """Pairs that people would take for each other: case, spacing, tense, plural, or a letter or two."""
    words = {name: _words(name) for name in dict.fromkeys(names)}
    found: dict[tuple[str, str], Pair] = {}
    for one, other in _same_stems(words):
        why = "differ in case or spacing" if words[one] == words[other] else "differ in tense"
        found[one, other] = Pair(one, other, why)
    if len(words) <= _MOST_PAIRED:
        for one, other in combinations(words, 2):
            near = _near(words[one], words[other])
            if near and (one, other) not in found:
                found[one, other] = Pair(one, other, near)
    return list(found.values())


def two_uses(seen: Sequence[Seen]) -> list[TwoUses]:
    """Names whose recent events fall into groups that share hardly a property."""
    by_name: dict[str, list[Seen]] = {}
    for use in seen:
        by_name.setdefault(use.name, []).append(use)
    return [
        TwoUses(name, tuple(map(_way, groups)))
        for name, uses in sorted(by_name.items())
        if len(groups := _groups(uses)) > 1
    ]


def same_meanings(meanings: Mapping[str, str]) -> list[Pair]:
    """Names whose meanings say nearly the same."""
    words = {name: _telling(text) for name, text in meanings.items()}
    return [
        Pair(one, other, "mean the same")
        for one, other in combinations(words, 2)
        if len(words[one] | words[other]) >= 3 and _share(words[one], words[other]) >= _ALIKE
    ]


def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORD.findall(name))


def _same_stems(words: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    by_stem: dict[tuple[str, ...], list[str]] = {}
    for name, parts in words.items():
        by_stem.setdefault(tuple(map(_stem, parts)), []).append(name)
    for alike in by_stem.values():
        yield from combinations(alike, 2)


def _stem(word: str) -> str:
    """A word without what tense and plural add to it; good enough to compare two names, not to be shown.

    >>> {_stem(word) for word in ("request", "requests", "requested", "requesting")}
    {'request'}
    """
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    word = word.removesuffix("e")
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def _near(one: tuple[str, ...], other: tuple[str, ...]) -> str | None:
    stems, others = sorted(map(_stem, one)), sorted(map(_stem, other))
    if stems == others:
        return "differ in the order of words"
    first, second = "".join(one), "".join(other)
    allowed = 1 if min(len(first), len(second)) < 8 else 2
    if min(len(first), len(second)) >= 5 and abs(len(first) - len(second)) <= allowed:
        distance = _distance(first, second, allowed)
        starts_alike = first[:2] == other[0][:2] or distance <= 1  # "un" and "re" are no slips
        if distance <= allowed and starts_alike and not _numbered(one, other):
            return "differ in a letter" if distance <= 1 else "differ in two letters"
    return None


def _numbered(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Step 1 and Step 2 are meant to differ."""
    return [word for word in one if not word.isdigit()] == [word for word in other if not word.isdigit()]


def _distance(one: str, other: str, most: int) -> int:
    """Letters to change, add, drop or swap with their neighbour; more than `most` counts as `most` + 1."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        after = [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(row[j] + 1, after[j - 1] + 1, row[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, before[j - 2] + 1)
            after.append(cost)
        before, row = row, after
        if min(row) > most:
            return most + 1
    return row[-1]


def _groups(uses: Sequence[Seen]) -> list[list[Seen]]:
    """Uses that share enough properties with the largest of their group; the most frequent use begins."""
    groups: list[list[Seen]] = []
    for use in sorted(uses, key=lambda use: (-use.count, sorted(use.properties))):
        home = next((group for group in groups if _share(group[0].properties, use.properties) > _APART), None)
        if home is None:
            groups.append([use])
        else:
            home.append(use)
    return groups


def _way(group: Sequence[Seen]) -> tuple[tuple[str, ...], int, tuple[str, ...]]:
    sources = tuple(sorted({use.source for use in group}))
    return tuple(sorted(group[0].properties)), sum(use.count for use in group), sources


def _telling(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in _words(text) if word not in _SMALL)


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    """Part of all of them that both have; 1 for two empty sets."""
    whole = one | other
    return len(one & other) / len(whole) if whole else 1.0
