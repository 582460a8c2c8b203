"""Scenarios (requirements G5, G6): what is known of somebody, what then happens, and what is expected of a workflow.

A scenario is data. `reading` makes it of a document and a document of it; `workflows.rehearsal` plays it.
"""

from .reading import BadScenario, read, write
from .scenario import Claim, Given, Moment, Scenario

__all__ = ["BadScenario", "Claim", "Given", "Moment", "Scenario", "read", "write"]
