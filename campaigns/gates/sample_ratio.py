"""The arms are filled as the coin says: else the two versions are not compared over like people, and nothing is known.

Every person who met either arm is a mark of the test in `evidence`, so it is as valid at every look.
"""

from dataclasses import replace

from .finding import Finding, Verdict
from .gate import Gate, compared
from .observed import Observed


def judge(gate: Gate, observed: Observed) -> Finding:
    found = compared(gate, observed.coins, observed, what="met it")
    tossed = sum(one.candidate + one.stable for one in observed.coins)
    meant = sum(one.share * (one.candidate + one.stable) for one in observed.coins)
    if found.verdict == Verdict.WAITING:
        return found
    says = f"{found.count} of {tossed} met the candidate, where the coin gives {meant:.0f}"
    return replace(found, says=says, candidate_rate=None, stable_rate=None)


GATE = Gate(
    "sample_ratio",
    "Sample ratio",
    "Are the arms filled as their shares say?",
    judge,
    on_fail="hold",
    alpha=0.005,
    worse=0,
)
