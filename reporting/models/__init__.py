"""Reporting-ready rows, apart from the raw ones they are made of."""

from .daily import DailyFigure
from .fact import ContactFact, ConversionFact, MailFact, RunFact, SendFact, StageFact, TouchFact
from .health import HealthLook
from .projection import Projection, StaleRow

__all__ = [
    "ContactFact",
    "ConversionFact",
    "DailyFigure",
    "HealthLook",
    "MailFact",
    "Projection",
    "RunFact",
    "SendFact",
    "StageFact",
    "StaleRow",
    "TouchFact",
]
