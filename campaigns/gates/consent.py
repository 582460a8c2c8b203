"""No message to a contact whose consent, as the ledger had it when it was planned, was not granted."""

from .finding import Finding
from .gate import Gate, invariant
from .observed import Observed


def judge(gate: Gate, observed: Observed) -> Finding:
    return invariant(gate, observed.without_consent, count=observed.candidate, none="everybody written to had agreed")


GATE = Gate(
    "consent",
    "Consent",
    "Does the candidate write to anybody who has not agreed to the channel?",
    judge,
    of_contacts=True,
)
