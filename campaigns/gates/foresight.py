"""No send that the replay of the release on the past did not foresee."""

from .finding import Finding, Verdict
from .gate import Gate, invariant
from .observed import Observed


def judge(gate: Gate, observed: Observed) -> Finding:
    if observed.unforeseen is None:
        return Finding(
            gate.key, Verdict.WAITING, "no replay on the past says enough of exactly this version", on_fail=gate.on_fail
        )
    return invariant(gate, observed.unforeseen, count=observed.candidate, none="nothing but what was foreseen")


GATE = Gate("foresight", "Foresight", "Does the candidate send what its replay on the past did not foresee?", judge)
