"""Reporting-ready rows, apart from the raw ones they are made of."""

from .archive import ArchivedNumbers, CountedRows
from .credit import Credit, DailyCredits
from .daily import DailyFigure
from .fact import (
    AssignmentFact,
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
from .rollup import DailyDeals, DailyPeople, DailyWays, Deal

__all__ = [
    "ArchivedNumbers",
    "AssignmentFact",
    "ContactFact",
    "ConversionFact",
    "CountedRows",
    "Credit",
    "DailyCredits",
    "DailyDeals",
    "DailyFigure",
    "DailyPeople",
    "DailyWays",
    "Deal",
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
