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
    entity_column,
    named_by,
    parts_of,
    read,
    unfit_values,
)
from .semantics import (
    MODELS,
    Aggregate,
    Dimension,
    Measure,
    Model,
    dimension_of,
    dimensions_of,
    measure_of,
    measures,
)

__all__ = [
    "CALENDAR",
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
    "measure_of",
    "measures",
    "named_by",
    "parts_of",
    "read",
    "unfit_values",
]
