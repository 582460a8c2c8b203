"""The lint: what can be said of workflows before they run. Pure; `workflows.queries.lint` brings it the workspace.

A check is one file in `checks`, one line in `CHECKS`, one page in `docs/lint`, and one good and one bad fixture.
"""

from .check import FAMILIES, Check
from .checks import CHECKS
from .examine import BY_CODE, examine, merged, open_
from .finding import SEVERITIES, Finding, Place
from .readiness import Readiness, Record, readiness
from .workspace import Workflow, Workspace

__all__ = [
    "BY_CODE",
    "CHECKS",
    "FAMILIES",
    "SEVERITIES",
    "Check",
    "Finding",
    "Place",
    "Readiness",
    "Record",
    "Workflow",
    "Workspace",
    "examine",
    "merged",
    "open_",
    "readiness",
]
