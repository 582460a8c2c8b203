"""What a metric may say: measures and dimensions of reporting-ready rows, and definitions made of them. Pure.

Here is what definitions are held to; `reporting` makes questions, plans and SQL of them.
"""

from .definition import (
    CALENDAR,
    GIVES,
    TYPES,
    BadMetric,
    Conversion,
    Cumulative,
    Definition,
    Derived,
    Filters,
    Part,
    Ratio,
    Simple,
    named_by,
    parts_of,
    read,
    unfit_values,
)
from .model import Aggregate, Dimension, Measure, Model
from .semantics import (
    ENTERED,
    MODELS,
    dimension_of,
    dimensions_of,
    entity_column,
    filter_of,
    measure_of,
    measures,
    within_workflow,
)

__all__ = [
    "CALENDAR",
    "ENTERED",
    "GIVES",
    "MODELS",
    "TYPES",
    "Aggregate",
    "BadMetric",
    "Conversion",
    "Cumulative",
    "Definition",
    "Derived",
    "Dimension",
    "Filters",
    "Measure",
    "Model",
    "Part",
    "Ratio",
    "Simple",
    "dimension_of",
    "dimensions_of",
    "entity_column",
    "filter_of",
    "measure_of",
    "measures",
    "named_by",
    "parts_of",
    "read",
    "unfit_values",
    "within_workflow",
]
