"""Time: not more people take longer than nine in ten took before the rollout."""

from .finding import Finding, Verdict
from .gate import Gate, compared
from .observed import Observed


def judge(gate: Gate, observed: Observed) -> Finding:
    if observed.slow is None:
        says = "too few went through before to say what is slow"
        return Finding(gate.key, Verdict.WAITING, says, limit=1 / gate.alpha, on_fail=gate.on_fail)
    return compared(gate, observed.slow, observed, what="took longer than nine in ten did before")


GATE = Gate("duration", "Time", "Do more of the candidate's people take long?", judge, alpha=0.0025)
