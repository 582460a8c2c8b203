"""The arms are filled as the coin says: else the two versions are not compared over like people, and nothing is known.

Every person who met either arm is a mark of the test in `evidence`, so it is as valid at every look.
"""

from .finding import Finding
from .gate import Gate, compared
from .observed import Observed


def judge(gate: Gate, observed: Observed) -> Finding:
    return compared(gate, observed.coins, observed, what="met it")


GATE = Gate(
    "sample_ratio",
    "Sample ratio",
    "Are the arms filled as their shares say?",
    judge,
    on_fail="hold",
    alpha=0.005,
    worse=0,
)
