"""Contacts come to the stages that were announced, and the CRM with them (requirement H7)."""

from .finding import Finding
from .gate import Gate, invariant
from .observed import Observed


def judge(gate: Gate, observed: Observed) -> Finding:
    return invariant(gate, observed.odd_stages, count=observed.candidate, none="every stage set was an expected one")


GATE = Gate(
    "stages", "Lifecycle stages", "Does the candidate set a stage that nobody announced?", judge, of_contacts=True
)
