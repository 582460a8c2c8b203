"""People who withdraw their consent after they met it: not more often than with the stable version."""

from .finding import Finding
from .gate import Gate, compared
from .observed import Observed


def judge(gate: Gate, observed: Observed) -> Finding:
    return compared(gate, observed.complaints, observed, what="unsubscribed or complained")


GATE = Gate(
    "complaints", "Unsubscribes", "Do more of the candidate's people unsubscribe?", judge, alpha=0.01, of_contacts=True
)
