"""What a rollout is judged by: one gate a file, pure, over counts; registered here, in the order in which they stand.

>>> from campaigns.gates.observed import Observed
>>> sorted({finding.verdict.value for finding in judge(Observed())})
['waiting']
"""

from . import (
    complaints,
    consent,
    conversions,
    criteria,
    duplicates,
    duration,
    errors,
    fields,
    foresight,
    metrics,
    sample_ratio,
    stages,
)
from .finding import Finding, Verdict
from .gate import Gate
from .observed import Observed

#: Invariants first: of them one breach is enough.
GATES: tuple[Gate, ...] = (
    duplicates.GATE,
    consent.GATE,
    fields.GATE,
    stages.GATE,
    foresight.GATE,
    errors.GATE,
    complaints.GATE,
    conversions.GATE,
    duration.GATE,
    criteria.GATE,
    metrics.GATE,
    sample_ratio.GATE,
)

__all__ = ["GATES", "Finding", "Gate", "Observed", "Verdict", "judge"]


def judge(observed: Observed) -> tuple[Finding, ...]:
    """What each gate finds at one look."""
    return tuple(gate.found(observed) for gate in GATES)
