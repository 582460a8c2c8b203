"""Success criteria: not more people are late by them than with the stable version (requirement B8)."""

from .finding import Finding, Verdict
from .gate import Gate, compared
from .observed import Observed


def judge(gate: Gate, observed: Observed) -> Finding:
    if observed.late is None:
        says = "no success criterion says what in time is"
        return Finding(gate.key, Verdict.WAITING, says, limit=1 / gate.alpha, on_fail=gate.on_fail)
    return compared(gate, observed.late, observed, what="late by a success criterion")


GATE = Gate(
    "criteria",
    "Success criteria",
    "Are more of the candidate's people late by a success criterion?",
    judge,
    alpha=0.00125,
)
