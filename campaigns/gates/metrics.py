"""Metrics of success criteria: not worse for the candidate's people, each by the definition that is pinned.

A person is marked by a metric once it counts at least one row of theirs after they met the rollout, so what compares
the arms is people, each once, and not how often: the coin's law of `evidence` holds as it does for every other mark.
A metric that must reach a least is worse where fewer are marked, one that must stay below a most where more are.
The gate's share of all that may fail for nothing is divided equally among the metrics, whose number never changes: they
are those of the candidate, which is frozen.
"""

from dataclasses import replace

from .finding import Finding, Verdict
from .gate import Gate, compared
from .observed import MetricMarks, Observed

_GRAVEST = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.WAITING, Verdict.PASS)


def judge(gate: Gate, observed: Observed) -> Finding:
    """The gravest of what is found of each."""
    if not observed.metrics:
        says = "no success criterion names a metric"
        return Finding(gate.key, Verdict.WAITING, says, limit=1 / gate.alpha, on_fail=gate.on_fail)
    found = [_of_one(gate, one, observed) for one in observed.metrics]
    return min(found, key=lambda finding: _GRAVEST.index(finding.verdict))


def _of_one(gate: Gate, one: MetricMarks, observed: Observed) -> Finding:
    alpha = gate.alpha / len(observed.metrics)
    if one.problem:
        verdict = Verdict.INCONCLUSIVE if one.is_moved else Verdict.WAITING
        return Finding(gate.key, verdict, f"{one.metric}: {one.problem}", limit=1 / alpha, on_fail=gate.on_fail)
    named = f"counted by {one.metric}, version {one.version}"
    return compared(replace(gate, alpha=alpha, worse=one.worse), one.marks, observed, what=named)


GATE = Gate(
    "metrics",
    "Metrics",
    "Do the metrics of the success criteria come out worse for the candidate's people?",
    judge,
    alpha=0.00125,
)
