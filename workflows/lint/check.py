"""A check is one file with one row: its code, its title, how bad it is, which requirement it serves, how it finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .finding import Spot
from .workspace import Workflow, Workspace

Find = Callable[[Workflow, Workspace], Iterator[Spot]]


@dataclass(frozen=True, slots=True)
class Check:
    """One row of CHECKS."""

    #: Three letters for what it is about and a number; its page is docs/lint/<code>.md.
    code: str
    #: What is wrong, in a few words.
    title: str
    severity: str
    #: Numbers of the requirements that it serves.
    requirements: tuple[str, ...]
    find: Find
    #: Looks at several workflows together, and so belongs on the conflicts page.
    together: bool = False
    #: Looks at maps of how things are too, and not only at what is meant to run.
    maps: bool = True


#: What the three letters stand for.
FAMILIES = {
    "MAP": "The map",
    "OWN": "Ownership",
    "DAT": "Data and its authority",
    "REF": "References",
    "IDN": "Identifiers and duplicates",
    "GRD": "Guardrails",
    "RUN": "The way of a run",
    "NAM": "Names",
    "MEA": "Measuring",
    "LNT": "The lint itself",
}
