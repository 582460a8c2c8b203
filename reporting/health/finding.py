"""What a kind of finding is, and what one says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .scope import Scope

#: What a finding is about, in the order of the page.
BOTTLENECK, FAILURE, EXECUTED = "Bottlenecks", "Failure points", "Documented against executed"
GROUPS = (BOTTLENECK, FAILURE, EXECUTED)


@dataclass(frozen=True, slots=True)
class Sample:
    """One row to look at."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be, with what shows it."""

    #: Key of its kind.
    kind: str
    #: One sentence with the names of what it is about.
    says: str
    #: What to do, as an instruction.
    fix: str
    #: Key of the team to call (requirement G2).
    team: str
    #: How often in the period, and of how many; 0: it is no share of anything.
    count: int
    of: int = 0
    #: How often in the period before; None: that is not known.
    former: int | None = None
    #: Key of the workflow and of the step; empty where it is of none.
    workflow: str = ""
    step: str = ""
    #: Further figures in words, such as "p50 3 h, p90 2 d".
    figures: str = ""
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of KINDS."""

    key: str
    title: str
    group: str
    #: What is looked for, in one sentence.
    says: str
    #: Numbers of the requirements that it serves.
    requirements: tuple[str, ...]
    icon: str
    find: Callable[[Scope], Iterator[Finding]]
    #: Checks of the lint that find the same on the map of what is live, before anything happens.
    codes: tuple[str, ...] = ()


def contacts(ids: list[int] | None) -> tuple[Sample, ...]:
    """The first few contacts, to open."""
    return tuple(Sample(f"contact {id}", f"/contacts/{id}/") for id in (ids or ())[:SAMPLES])


#: So many rows are named as evidence.
SAMPLES = 5
