"""Playbooks as documents: their shape, their typed parameters, and filling them in. Pure, like the engine.

pattern = read(document)                       # Pattern, or BadPattern with every place that is wrong
values = pattern.values({"topic": "Scoring"})  # typed, defaults filled in, or BadValues by parameter
made = fill(pattern.creates, values)           # documents of the workspace, every token replaced
"""

from .parameters import BadValues, Parameter
from .reading import BadPattern, Pattern, Requirement, read
from .schema import SCHEMA
from .tokens import Values, fill, named

__all__ = [
    "SCHEMA",
    "BadPattern",
    "BadValues",
    "Parameter",
    "Pattern",
    "Requirement",
    "Values",
    "fill",
    "named",
    "read",
]
