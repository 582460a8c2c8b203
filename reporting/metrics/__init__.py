"""Questions about metrics, and plans that answer them: which rows, counted how, put together how. Pure.

`workflows.engine.metrics` says what a definition may be; `reporting.compile` makes SQL of a plan.
"""

from .period import Grain, Period
from .plan import Formula, Fraction, Journey, Leaf, Node, Plan, Rolling, leaves, make
from .question import BadQuestion, Question

__all__ = [
    "BadQuestion",
    "Formula",
    "Fraction",
    "Grain",
    "Journey",
    "Leaf",
    "Node",
    "Period",
    "Plan",
    "Question",
    "Rolling",
    "leaves",
    "make",
]
