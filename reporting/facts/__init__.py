"""What facts are made of: for each, the raw table it comes from and the SQL that reads it. One row a fact.

Contacts come first, because the others take campaign and channel from them.
"""

from . import assignments, contacts, conversions, deals, duplicates, mails, routings, runs, sends, stages, touches
from .fact import Fact

FACTS: tuple[Fact, ...] = (
    contacts.FACT,
    touches.FACT,
    mails.FACT,
    stages.FACT,
    conversions.FACT,
    sends.FACT,
    runs.FACT,
    deals.FACT,
    duplicates.FACT,
    routings.FACT,
    assignments.FACT,
)
__all__ = ["FACTS", "Fact"]
