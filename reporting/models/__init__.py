"""Reporting-ready rows, apart from the raw ones they are made of."""

from .daily import DailyFigure
from .fact import (
    ContactFact,
    ConversionFact,
    DealFact,
    DuplicateFact,
    MailFact,
    RoutingFact,
    RunFact,
    SendFact,
    StageFact,
    TouchFact,
)
from .health import HealthLook
from .projection import Projection, StaleRow
from .report import Report

__all__ = [
    "ContactFact",
    "ConversionFact",
    "DailyFigure",
    "DealFact",
    "DuplicateFact",
    "HealthLook",
    "MailFact",
    "Projection",
    "Report",
    "RoutingFact",
    "RunFact",
    "SendFact",
    "StageFact",
    "StaleRow",
    "TouchFact",
]
