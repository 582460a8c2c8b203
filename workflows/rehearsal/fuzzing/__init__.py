"""Nasty stories made up against a version, until something that holds of every story does not (G5, G6).

`moves` makes one story nastier, `search` looks with many of them, `shrinking` leaves the shortest that still shows it.
The same seed finds the same things.
"""

from .search import Budget, Finding, Search, look
from .shrinking import shrink
from .story import Story

__all__ = ["Budget", "Finding", "Search", "Story", "look", "shrink"]
