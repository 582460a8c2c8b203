"""Nothing is done twice: no person gets the same message, task or call of one run twice within the hour."""

from .finding import Finding
from .gate import Gate, invariant
from .observed import Observed


def judge(gate: Gate, observed: Observed) -> Finding:
    return invariant(gate, observed.duplicates, count=observed.candidate, none="nothing was done twice")


GATE = Gate("duplicates", "Nothing twice", "Does anybody get the same thing twice from the candidate?", judge)
