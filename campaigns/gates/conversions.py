"""People who reach a goal of the workflow: not more rarely than with the stable version."""

from .finding import Finding
from .gate import Gate, compared
from .observed import Observed


def judge(gate: Gate, observed: Observed) -> Finding:
    return compared(gate, observed.conversions, observed, what="converted")


GATE = Gate("conversions", "Conversions", "Do fewer of the candidate's people convert?", judge, alpha=0.01, worse=-1)
