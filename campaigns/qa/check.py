"""What a check is, and what it says: each thing it looked at, with what it found there.

>>> check = Check("TPL000", "Templates", "content", True, (), lambda launch: [Seen("template welcome", GOOD, "fine")])
>>> result = examine(check, launch=None)
>>> result.verdict, result.says
('passed', '1 looked at, all in order')
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

#: What was found at one thing. "unsure": nothing wrong was seen, but the proof is missing.
GOOD, BAD, UNSURE = "good", "bad", "unsure"
#: What a check comes to. "idle": there was nothing to look at.
PASSED, WARNED, FAILED, IDLE = "passed", "warned", "failed", "idle"
#: Sections of a launch, which are approved apart.
SECTIONS = ("audience", "content", "logic", "data", "compliance")


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was looked at: the evidence."""

    #: As a person calls it: "link https://example.com/ in template welcome".
    what: str
    #: GOOD, BAD or UNSURE.
    found: str
    #: What was seen there.
    says: str
    #: How to mend it, where something is wrong.
    mend: str = ""
    #: Where it can be mended: an address within the product, or empty.
    at: str = ""

    def document(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Check:
    """One check; `look` yields everything that it looked at."""

    code: str
    title: str
    #: One of `SECTIONS`: whose approval it stands before.
    section: str
    #: While it fails, nothing goes live; one that does not block only warns.
    blocking: bool
    requirements: tuple[str, ...]
    look: Callable[[Any], Iterable[Seen]]


@dataclass(frozen=True, slots=True)
class Result:
    """What a check came to for one launch."""

    check: Check
    verdict: str
    says: str
    seen: tuple[Seen, ...]


def examine(check: Check, *, launch: Any) -> Result:
    """Look, and sum up: what is bad counts first, then what nobody can be sure of."""
    seen = tuple(check.look(launch))
    bad = [one for one in seen if one.found == BAD]
    unsure = [one for one in seen if one.found == UNSURE]
    if bad:
        return Result(check, FAILED if check.blocking else WARNED, _sum(bad, seen), seen)
    if unsure:
        return Result(check, WARNED, _sum(unsure, seen), seen)
    if not seen:
        return Result(check, IDLE, "there is nothing to look at", ())
    return Result(check, PASSED, f"{len(seen)} looked at, all in order", seen)


def _sum(found: list[Seen], seen: tuple[Seen, ...]) -> str:
    first = f"{found[0].what}: {found[0].says}"
    return first if len(found) == 1 else f"{len(found)} of {len(seen)}; first, {first}"
