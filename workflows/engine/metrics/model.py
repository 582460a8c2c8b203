"""What a semantic model is: a view as metrics see it, with what can be counted in it and by what.

The models themselves, the closed table, are in `semantics`.
"""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from martechops.lib.frozen import dataclass


class Aggregate(StrEnum):
    """How rows become a number."""

    COUNT = "count"
    SUM = "sum"
    #: Different values; what is counted in two groups is one in both together.
    DISTINCT = "distinct"
    MEDIAN = "median"

    @property
    def is_additive(self) -> bool:
        """Whether numbers of parts add up to that of the whole."""
        return self in (Aggregate.COUNT, Aggregate.SUM)


@dataclass(frozen=True, slots=True)
class Dimension:
    """A column that rows are grouped and filtered by."""

    says: str
    #: The kind of definition whose keys stand there (stage, event-type), so that a rename reaches what names them; or
    #: `boolean`, which is true or false.
    of: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number that rows give together."""

    says: str
    aggregate: Aggregate = Aggregate.COUNT
    #: What is summed, told apart or put in order; nothing for counts.
    column: str = ""
    #: The daily figure that holds it, with the dimension that its name ends with: `stage {to_stage}`.
    figure: str = ""
    #: All values of that dimension, where they are few and known.
    figure_values: tuple[str, ...] = ()
    #: How many of what the figure adds up are one of the measure.
    figure_unit: int = 1
    #: Of different contacts: the figure of the days on which they came there.
    people: str = ""
    #: Another rollup that holds it, and its column.
    rollup: str = ""
    rolled: str = ""
    #: It is money, in the currency that the column of this name says: amounts of two currencies are never added.
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """A view, as metrics see it."""

    view: str
    says: str
    #: When it happened: the instant that periods ask about. Empty: it is only joined to.
    time: str
    dimensions: Mapping[str, Dimension]
    measures: Mapping[str, Measure] = field(default_factory=dict)
    #: The entity that it has one row for, with the column that names it.
    primary: tuple[str, str] | None = None
    #: Entities that rows are about, by the column that names them.
    foreign: Mapping[str, str] = field(default_factory=dict)
    #: The column of the row's own number: what is listed behind a number.
    row: str = ""
