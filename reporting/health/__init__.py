"""Whether what is documented is what happens: bottlenecks and failure points (requirements B5, B6).

One kind of finding a file, registered in `kinds`; each asks a few questions of the whole workspace; `look` asks all.
"""

from .finding import Finding, Kind, Sample
from .kinds import KINDS
from .kinds.slow_approvals import Approvals
from .look import Look, look
from .steps import StepFigure

__all__ = ["KINDS", "Approvals", "Finding", "Kind", "Look", "Sample", "StepFigure", "look"]
