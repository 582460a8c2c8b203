"""Runs that fail, and effects that fail or stay uncertain: not more often than with the stable version."""

from .finding import Finding
from .gate import Gate, compared
from .observed import Observed


def judge(gate: Gate, observed: Observed) -> Finding:
    return compared(gate, observed.errors, observed, what="errors")


GATE = Gate("errors", "Errors", "Does more go wrong for the candidate's people?", judge, alpha=0.02)
