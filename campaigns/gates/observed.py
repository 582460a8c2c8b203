"""What was counted of a rollout at one look: all that gates may judge by."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .evidence import Marks


@dataclass(frozen=True, slots=True)
class Breach:
    """One thing that must not be, and whose it is."""

    contact: int
    says: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A field of records at a far side, and in how many runs each version filled it in there."""

    system: str
    field: str
    candidate: int
    stable: int


@dataclass(frozen=True, slots=True)
class MetricMarks:
    """Whom the metric of a success criterion counted at least once since they met the rollout."""

    metric: str
    #: Of its definition.
    version: int
    marks: tuple[Marks, ...]
    #: Which way is bad: 1 for more, -1 for fewer.
    worse: int
    #: Why it cannot be said.
    problem: str = ""
    #: That is because the definition is not what it was when the rollout began.
    is_moved: bool = False


@dataclass(frozen=True, slots=True)
class Observed:
    """Counts of people, each counted once, with the version of their arm."""

    #: What the workflow is about: contact, content or workspace.
    subject: str = "contact"
    #: Who met each arm, whatever decided it.
    candidate: int = 0
    stable: int = 0
    #: Who met them by a coin, in each share.
    coins: tuple[Marks, ...] = ()
    #: There is a stable version to compare with.
    has_stable: bool = True
    duplicates: tuple[Breach, ...] = ()
    without_consent: tuple[Breach, ...] = ()
    #: Contacts whom the candidate took to a stage that nobody announced.
    odd_stages: tuple[Breach, ...] = ()
    #: Sends that the replay did not foresee; None where there was no replay.
    unforeseen: tuple[Breach, ...] | None = None
    fields: tuple[Kept, ...] = ()
    #: Runs of each version that wrote to a system.
    writers: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    errors: tuple[Marks, ...] = ()
    complaints: tuple[Marks, ...] = ()
    conversions: tuple[Marks, ...] = ()
    #: Who took longer than nine in ten did before the rollout; None where that is not known.
    slow: tuple[Marks, ...] | None = None
    #: Who was late by a success criterion of the version that they met; None where none asks for a span of time.
    late: tuple[Marks, ...] | None = None
    #: Of each metric that a success criterion of the candidate names.
    metrics: tuple[MetricMarks, ...] = ()
